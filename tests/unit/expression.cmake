# Tables of cases; the program takes more tables as arguments.
add_executable(expr-cases expr_cases.c)
target_include_directories(expr-cases PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(expr-cases PRIVATE expression value base m)
add_test(NAME expr_cases COMMAND expr-cases
    ${CMAKE_SOURCE_DIR}/tests/cases/expressions/language.tsv
    ${CMAKE_SOURCE_DIR}/tests/cases/expressions/functions.tsv)
add_test(NAME expr_cases_examples COMMAND expr-cases
    --examples ${CMAKE_SOURCE_DIR}/docs/expressions.md)
add_test(NAME expr_cases_differences COMMAND expr-cases
    --differences ${CMAKE_SOURCE_DIR}/docs/differences.md
    ${CMAKE_SOURCE_DIR}/tests/cases/expressions/differences.tsv)
assay_test(test_expression_print USES expression value base)
assay_test(test_expression_resolve USES expression value base)
assay_test(test_expression_template USES expression value base)
assay_test(test_expression_limits USES expression value base)
assay_test(test_expression_glob USES expression value base)
assay_test(test_expression_jq USES expression value base)
assay_test(test_expression_lint USES expression value base)
