// What must hold for any input: a fuzz target stops where it does not.
#pragma once

#include <cstdio>
#include <cstdlib>

#define GLIMT_REQUIRE(condition)                                                          \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
