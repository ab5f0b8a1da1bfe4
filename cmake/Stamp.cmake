# cmake -P Stamp.cmake stamp.cpp how files...: a hash of how these files are built, and of them, as a C++ constant.
math(EXPR last "${CMAKE_ARGC} - 1")
set(hashes ${CMAKE_ARGV4})
foreach(n RANGE 5 ${last})
  file(SHA256 ${CMAKE_ARGV${n}} hash)
  list(APPEND hashes ${hash})
endforeach()
string(SHA256 stamp "${hashes}")
file(WRITE ${CMAKE_ARGV3} "#include \"heed/driver/stamp.h\"\n\nconst char* const heed::compilerStamp = \"${stamp}\";\n")
