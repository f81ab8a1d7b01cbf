// A module for the test of base/module: it stands beside the test program.
extern "C" __attribute__((visibility("default"))) int glimt_probe() { return 42; }
