#!/usr/bin/env python3
"""Glimt against FFmpeg and GStreamer: the same numbered clip through pipes, whole processes, in turn."""
import argparse
import json
import os
import shutil
import statistics
import tempfile

import table

LOUD = "-hide_banner -loglevel error"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=bench\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 26\n"


class Case:
    """What the command lines need to know."""

    def __init__(self, size, form, port, folder):
        self.size, self.form, self.port = size, form, port
        self.width, self.height = (int(side) for side in size.split("x"))
        self.bytes = self.width * self.height * 3 // (2 if form == "i420" else 1)
        self.yuv = form == "i420"
        self.sdp = os.path.join(folder, "bench.sdp")


# Quality 80 of H.264 is x264's crf 23, which the others have; the bitrate is out of the way at all: GStreamer's own choice is 2 Mbit/s at most.
def glimt(c, address="udp://:{port}", other="udp://127.0.0.1:{port}", how="--quality 75"):
    command = table.program("glimt")
    return (f"{command} send - {address.format(port=c.port)} --format {c.form} --size {c.size} --fps 30 {how}",
            f"{command} recv {other.format(port=c.port)} - --format {c.form}")


def gstreamer_send(c):
    form = "i420" if c.yuv else "bgr"
    convert = "" if c.yuv else "videoconvert ! "
    return (f"gst-launch-1.0 -q fdsrc fd=0 blocksize={c.bytes} ! rawvideoparse format={form} width={c.width} "
            f"height={c.height} framerate=30/1 ! {convert}jpegenc quality=75 ! rtpjpegpay ! "
            f"udpsink host=127.0.0.1 port={c.port} sync=false async=false")


def gstreamer_receive(c):
    convert = "video/x-raw,format=I420" if c.yuv else "videoconvert ! video/x-raw,format=BGR"
    return (f"gst-launch-1.0 -q udpsrc port={c.port} buffer-size=4194304 caps=application/x-rtp,media=video,"
            f"encoding-name=JPEG,payload=26,clock-rate=90000 ! rtpjpegdepay ! jpegdec ! {convert} ! fdsink fd=1 sync=false")


def gstreamer(c):
    return gstreamer_send(c), gstreamer_receive(c)


def gstreamer_x264(c):
    form = "i420" if c.yuv else "bgr"
    back = "video/x-raw,format=I420" if c.yuv else "videoconvert ! video/x-raw,format=BGR"
    return (f"gst-launch-1.0 -q fdsrc fd=0 blocksize={c.bytes} ! rawvideoparse format={form} width={c.width} "
            f"height={c.height} framerate=30/1 ! {'' if c.yuv else 'videoconvert ! '}x264enc speed-preset=ultrafast "
            f"tune=zerolatency pass=qual quantizer=23 bitrate=1000000 key-int-max=30 ! rtph264pay config-interval=-1 ! "
            f"udpsink host=127.0.0.1 port={c.port} sync=false async=false",
            f"gst-launch-1.0 -q udpsrc port={c.port} buffer-size=4194304 caps=application/x-rtp,media=video,"
            f"encoding-name=H264,payload=96,clock-rate=90000 ! rtph264depay ! avdec_h264 ! {back} ! fdsink fd=1 sync=false")


def ffmpeg_mjpeg_send(c):
    pixels = "yuvj420p" if c.yuv else "bgr24"
    return (f"ffmpeg {LOUD} -f rawvideo -pix_fmt {pixels} -s {c.size} -r 30 -i - -threads 1 -pix_fmt yuvj420p -c:v mjpeg "
            f"-huffman default -q:v 5 -flush_packets 1 -f rtp 'rtp://127.0.0.1:{c.port}?pkt_size=1400'")


def ffmpeg_mjpeg(c):
    with open(c.sdp, "w", encoding="utf-8") as f:
        f.write(SDP.format(port=c.port))
    pixels = "yuvj420p" if c.yuv else "bgr24"
    return (ffmpeg_mjpeg_send(c),
            f"ffmpeg {LOUD} -fflags nobuffer -flags low_delay -probesize 32 -analyzeduration 0 -protocol_whitelist "
            f"file,udp,rtp -buffer_size 4194304 -max_delay 0 -reorder_queue_size 0 -threads 1 -i {c.sdp} "
            f"-vsync passthrough -pix_fmt {pixels} -flush_packets 1 -f rawvideo -")


def ffmpeg_x264(c):
    pixels = "yuv420p" if c.yuv else "bgr24"
    return (f"ffmpeg {LOUD} -f rawvideo -pix_fmt {pixels} -s {c.size} -r 30 -i - -pix_fmt yuv420p -c:v libx264 "
            f"-preset ultrafast -tune zerolatency -g 30 -crf 23 -omit_video_pes_length 0 -flush_packets 1 -f mpegts "
            f"'udp://127.0.0.1:{c.port}?pkt_size=1316'",
            f"ffmpeg {LOUD} -fflags nobuffer -flags low_delay -probesize 50000 -analyzeduration 0 -threads 1 -f mpegts -i "
            f"'udp://127.0.0.1:{c.port}?buffer_size=4194304&fifo_size=100000&overrun_nonfatal=1' "
            f"-vsync passthrough -pix_fmt {pixels} -flush_packets 1 -f rawvideo -")


SYSTEMS = {
    "Glimt, JPEG over UDP": (glimt, ()),
    "Glimt, H.264 over UDP": (lambda c: glimt(c, how="--codec h264 --quality 80 --bitrate 1G"), ()),
    "GStreamer, JPEG over RTP": (gstreamer, ("gst-launch-1.0",)),
    "FFmpeg to GStreamer, MJPEG over RTP": (lambda c: (ffmpeg_mjpeg_send(c), gstreamer_receive(c)),
                                            ("ffmpeg", "gst-launch-1.0")),
    "FFmpeg, MJPEG over RTP": (ffmpeg_mjpeg, ("ffmpeg",)),
    "FFmpeg, x264 in MPEG-TS over UDP": (ffmpeg_x264, ("ffmpeg",)),
    "GStreamer, x264 over RTP": (gstreamer_x264, ("gst-launch-1.0",)),
}
port = 48_000


def measure(system, size, form, fps, seconds):
    global port
    port += 4
    with tempfile.TemporaryDirectory() as folder, table.Turn():
        send, receive = SYSTEMS[system][0](Case(size, form, port, folder))
        command = [table.program("frame_harness"), "--size", size, "--format", form, "--fps", str(fps), "--seconds",
                   str(seconds), "--send", send + " 2>/dev/null", "--receive", receive + " 2>/dev/null"]
        text = table.output_of(*command, *([] if fps else ["--receiver-first"]))
    result = json.loads(text)
    latency = {f"latency_{k}_ms" if k != "n" else "n": v for k, v in result.pop("latency").items()}
    return dict(system=system, pace=fps, **result, **latency)


def row_of(size, system, paced, unpaced):
    def values(runs, *keys):
        return [sum(r[key] for key in keys) for r in runs if r["frames"] > 0]
    whole = [f"{100 * statistics.median(r['frames'] / max(1, r['sent']) for r in runs):.0f} %" if runs else "–"
             for runs in (paced, unpaced)]
    return [size, system, sum(r["n"] for r in paced)] + \
        [table.spread(values(paced, f"latency_{p}_ms"), 1) for p in ("p50", "p95", "p99")] + \
        [whole[0], table.spread(values(paced, "sender_cpu_ms", "receiver_cpu_ms"), 1),
         table.spread(values(unpaced, "fps"), 0), whole[1], table.spread(values(paced, "first_frame_ms"), 0)]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--format", choices=("i420", "bgr24"), default="i420")
    options.add_argument("--sizes", nargs="+", default=["1280x720", "1920x1080"])
    options.add_argument("--only", default="", help="systems whose name has this in it, as in 264")
    o = options.parse_args()
    present = [s for s, (_, needs) in SYSTEMS.items() if all(shutil.which(n) for n in needs) and o.only in s]
    raw = [dict(run=run, **measure(system, size, o.format, fps, o.seconds)) for size in o.sizes for run in range(o.runs)
           for fps in (30, 0) for system in present]
    rows = [row_of(size, s, *([r for r in raw if (r["size"], r["system"], bool(r["pace"])) == (size, s, paced)]
                              for paced in (True, False))) for size in o.sizes for s in present]
    own = statistics.median(r["harness_cpu_ms"] for r in raw if r["pace"])
    table.write(f"compare_{o.format}", f"Raw {o.format} frames in, the same frames out, one machine", [
        "size", "system", "n", "last byte written → whole frame read, p50 ms", "p95", "p99", "whole at 30 fps",
        "CPU ms a frame, both ends", "unpaced fps", "whole unpaced", "start of receiver to first frame ms"],
        rows, [f"Medians of {o.runs} runs in turn of {o.seconds:g} s, in brackets the best and the worst.",
               "JPEG at quality 75 (FFmpeg -q:v 5), x264 ultrafast zerolatency crf 23 (Glimt: quality 80).",
               "FFmpeg's JPEG receiver adds about one frame time, from any sender; no option was found that takes it away.",
               f"The harness itself takes {own:.2f} ms of CPU a frame at 30 fps, the same for all."], raw)


if __name__ == "__main__":
    main()
