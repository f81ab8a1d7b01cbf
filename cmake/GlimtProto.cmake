# The generated half of the control service, built once behind one target: messages and gRPC's stubs, without the house's warnings.
find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_library(PROTOBUF protobuf REQUIRED)
find_library(GRPCPP grpc++ REQUIRED)
find_library(GRPCPP_REFLECTION grpc++_reflection REQUIRED)
find_library(GRPC grpc REQUIRED)
find_library(GPR gpr REQUIRED)

set(proto ${PROJECT_SOURCE_DIR}/proto/glimt/control/v1/control.proto)
set(generated ${PROJECT_BINARY_DIR}/proto)
set(of_proto ${generated}/glimt/control/v1/control)
file(MAKE_DIRECTORY ${generated})
add_custom_command(
  OUTPUT ${of_proto}.pb.cc ${of_proto}.pb.h ${of_proto}.grpc.pb.cc ${of_proto}.grpc.pb.h
  COMMAND ${PROTOC} -I ${PROJECT_SOURCE_DIR}/proto --cpp_out ${generated} --grpc_out ${generated}
          --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${proto}
  DEPENDS ${proto} VERBATIM)

add_library(glimt_proto STATIC ${of_proto}.pb.cc ${of_proto}.grpc.pb.cc)
target_include_directories(glimt_proto SYSTEM PUBLIC ${generated})
target_link_libraries(glimt_proto PUBLIC ${GRPCPP} ${GRPCPP_REFLECTION} ${GRPC} ${GPR} ${PROTOBUF})
target_precompile_headers(glimt_proto PRIVATE <grpcpp/grpcpp.h>)
if(GLIMT_SANITIZE)
  target_compile_options(glimt_proto PRIVATE -fsanitize=${GLIMT_SANITIZE} -fno-omit-frame-pointer)
endif()
