// StatisticsJson: what every JSON of the command says in the same words.
#pragma once

#include <nlohmann/json.hpp>

#include "glimt/stats.hpp"

namespace glimt::command {

using Json = nlohmann::ordered_json;

double rounded(double value);  // to a thousandth
Json json_of(const Percentiles& p);
Json json_of(const StageTimes& t);
Json json_of(const ClockOffset& clock);

}  // namespace glimt::command
