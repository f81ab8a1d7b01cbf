// Everything: live pictures from one program to another.
#pragma once

#include "glimt/boxes.hpp"
#include "glimt/error.hpp"
#include "glimt/frame.hpp"
#include "glimt/options.hpp"
#include "glimt/publisher.hpp"
#include "glimt/stats.hpp"
#include "glimt/subscriber.hpp"
#include "glimt/url.hpp"
#include "glimt/version.hpp"
