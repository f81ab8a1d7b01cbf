#include "encode/h264_capabilities.hpp"

#include "base/module.hpp"

namespace glimt::encode {

Result<std::vector<H264Encoder>> try_h264() {
  const auto address = open_module("h264", "glimt_try_h264_encoders");
  if (!address) return address.error();
  return (*static_cast<decltype(&try_h264_encoders)*>(*address))();
}

}  // namespace glimt::encode
