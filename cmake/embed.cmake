# Puts the built-in files (the catalogue of SQL collectors, the rules) into the binary: a generated source a folder, made
# anew when a file changes or one is added.
function(pgvigil_embed target symbol pattern)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${pattern})
  set(output ${CMAKE_BINARY_DIR}/generated/${symbol}.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DSYMBOL=${symbol}" "-DOUTPUT=${output}" "-DFILES=${files}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

pgvigil_embed(pgvigil_collectors embedded_catalog collectors/catalog/*.yaml)
pgvigil_embed(pgvigil_alerts embedded_rules config/rules/*.yaml)
