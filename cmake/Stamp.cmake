# cmake -P Stamp.cmake stamp.cpp files...: a hash of the files, as a C++ constant.
math(EXPR last "${CMAKE_ARGC} - 1")
set(hashes)
foreach(n RANGE 4 ${last})
  file(SHA256 ${CMAKE_ARGV${n}} hash)
  list(APPEND hashes ${hash})
endforeach()
string(SHA256 stamp "${hashes}")
file(WRITE ${CMAKE_ARGV3} "#include \"heed/driver/stamp.h\"\n\nconst char* const heed::compilerStamp = \"${stamp}\";\n")
