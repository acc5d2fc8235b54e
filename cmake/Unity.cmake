# SPDX-License-Identifier: Apache-2.0
# Most of what a compiler does for one of our files it does for the next one as well: the same headers, the same
# instances of the same templates. Files of one folder are compiled a dozen at a time, so names in their anonymous
# namespaces differ within a folder; with UPINSPECT_UNITY off each file is compiled by itself, and must be able to.

# upinspect_unity(TARGET SOURCES...): groups the sources of TARGET by folder, twelve by twelve in the order of their names.
function(upinspect_unity target)
  if(NOT UPINSPECT_UNITY)
    return()
  endif()
  set(last "")
  foreach(source IN LISTS ARGN)
    get_filename_component(folder "${source}" DIRECTORY)
    if(NOT folder STREQUAL last)
      set(last "${folder}")
      set(count 0)
    endif()
    math(EXPR part "${count} / 12")
    math(EXPR count "${count} + 1")
    get_filename_component(room "${folder}" NAME)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${room}_${part}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
