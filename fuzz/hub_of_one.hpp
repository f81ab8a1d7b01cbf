// A hub that can be steered and opens nothing: whatever its streams are called and wherever they go, there is one picture in memory.
#pragma once

#include "support/hub_of_pictures.hpp"

// `picture` outlives the hub.
inline std::unique_ptr<glimt::hub::Hub> open_hub_of_one(const glimt::test::StreamInTest& picture,
                                                        glimt::hub::Limits limits) {
  glimt::hub::StreamSettings cam0;
  cam0.name = "cam0";
  cam0.source = "test:";
  glimt::hub::Hub::Options options;
  options.limits = limits;
  options.manual_ticks = true;
  options.make_engine =
      [&picture](
          const glimt::hub::StreamSettings&) -> glimt::Result<std::unique_ptr<glimt::hub::StreamEngine>> {
    return std::unique_ptr<glimt::hub::StreamEngine>(new glimt::test::PictureEngine(picture));
  };
  auto hub = glimt::hub::Hub::open(std::move(options), {cam0}).value();
  hub->tick();
  return hub;
}
