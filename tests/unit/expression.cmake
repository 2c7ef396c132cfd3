# Tables of cases; the program takes more tables as arguments.
add_executable(expr-cases expr_cases.c)
target_include_directories(expr-cases PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(expr-cases PRIVATE expression value base m)
add_test(NAME expr_cases COMMAND expr-cases
    ${CMAKE_SOURCE_DIR}/tests/cases/expressions/language.tsv)
assay_test(test_expression_print USES expression value base)
assay_test(test_expression_resolve USES expression value base)
assay_test(test_expression_template USES expression value base)
assay_test(test_expression_limits USES expression value base)
