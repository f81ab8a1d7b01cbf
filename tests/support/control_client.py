"""A client of the control service in Python, made of the proto when it is asked for: as anybody else would make one."""
import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto/glimt/control/v1/control.proto"
ANSWER = 20  # seconds that a call may take


def generated(folder):
    """(messages, stubs): modules of the proto, in a folder of their own within this one."""
    folder = Path(folder) / "python"
    folder.mkdir()
    plugin = subprocess.run(["which", "grpc_python_plugin"], capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["protoc", "-I", ROOT / "proto", f"--python_out={folder}", f"--grpc_python_out={folder}",
                    f"--plugin=protoc-gen-grpc_python={plugin}", PROTO], check=True, timeout=60)
    sys.path.insert(0, str(folder))
    return tuple(importlib.import_module(f"glimt.control.v1.control_{kind}") for kind in ("pb2", "pb2_grpc"))


class Client:
    """Calls by their names, as in client.GetStream(name="cam0"); an error is (code, details)."""

    def __init__(self, modules, socket):
        import grpc  # after the modules, which say which version they want
        self.grpc, (self.messages, stubs) = grpc, modules
        self.channel = grpc.insecure_channel(f"unix://{socket}")
        self.stub = stubs.ControlStub(self.channel)

    def __getattr__(self, call):
        request = getattr(self.messages, {"TakeSnapshot": "TakeSnapshotRequest"}.get(call, call + "Request"))
        return lambda timeout=ANSWER, **fields: getattr(self.stub, call)(request(**fields), timeout=timeout)

    def refusal(self, call, **fields):
        """("NOT_FOUND", "no stream…") of a call that must fail; None where it did not."""
        try:
            answer = getattr(self, call)(**fields)
            if hasattr(answer, "__next__"):
                next(answer)
        except self.grpc.RpcError as error:
            return error.code().name, error.details()
        return None

    def raw(self, method, request, stream=False):
        """A call of a service whose proto is not at hand, as bytes; of a stream the first answer."""
        if stream:
            return next(self.channel.stream_stream(method)(iter([request]), timeout=ANSWER))
        return self.channel.unary_unary(method)(request, timeout=ANSWER)

    def close(self):
        self.channel.close()
