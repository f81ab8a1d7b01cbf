#include "base/module.hpp"

#include <dlfcn.h>

#include <filesystem>

namespace glimt {
namespace {

// The folder of the shared library (or program) that this code is linked into.
std::filesystem::path own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&open_module), &info) == 0 || !info.dli_fname) return ".";
  std::error_code ignored;
  return std::filesystem::weakly_canonical(info.dli_fname, ignored).parent_path();
}

// Taken when the library is loaded: its name may be relative to a working folder that the program leaves.
const std::filesystem::path kOwnFolder = own_folder();

Result<void*> load(const std::string& name) {
  const std::string file = "glimt_" + name + ".so";
  std::string reason = file + " is not installed beside libglimt";
  for (const auto& folder : {kOwnFolder, kOwnFolder / "glimt"}) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / file, ignored)) continue;
    if (void* library = dlopen((folder / file).c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    reason = dlerror();
    break;
  }
  const std::string library = name == "libav"   ? "libavformat"
                              : name == "h264"  ? "libavcodec"
                              : name == "grpc"  ? "libgrpc++"
                              : name == "avahi" ? "libavahi-client"
                              : name == "beast" ? "libglimt"
                                                : "libopencv-" + name;
  return Error{ErrorKind::unavailable,
               "this needs " + library + ": " + reason + "; install " + library + " of this distribution"};
}

}  // namespace

Result<void*> open_module(const std::string& name, const std::string& function) {
  const auto library = load(name);
  if (!library) return library.error();
  if (void* address = dlsym(*library, function.c_str())) return address;
  return Error{ErrorKind::internal, "glimt_" + name + ".so has no " + function};
}

Result<void> try_module(const std::string& name) {
  const auto library = load(name);
  if (!library) return library.error();
  return {};
}

}  // namespace glimt
