# Run as a script: writes OUTPUT, a C++ source with the text of FILES as std::vector<EmbeddedFile> SYMBOL().
set(source "#include \"core/embedded_file.h\"\n\nnamespace pgvigil {\n\nconst std::vector<EmbeddedFile>& ${SYMBOL}() {\n  static const std::vector<EmbeddedFile> files{\n")
foreach(file IN LISTS FILES)
  file(READ ${file} content)
  get_filename_component(name ${file} NAME)
  string(APPEND source "      {\"${name}\", R\"embedded(${content})embedded\"},\n")
endforeach()
string(APPEND source "  };\n  return files;\n}\n\n}  // namespace pgvigil\n")
file(WRITE ${OUTPUT} "${source}")
