/*
 * Text -> tokens, one at a time. The kinds are tried in a fixed order at each
 * place (docs/expressions.md), which decides oddities: `null.x` is a variable,
 * dots and white space around them belong to a variable's name, and `-` is
 * always an operator.
 *
 * In a template the text goes on after the expression: `}}` ends it there.
 */
#include "engine/expression/lexer.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/utf8.h"

int fail_at(struct error *error, size_t offset, const char *format, ...)
{
    if (error_is_set(error))
        return -1;
    error->kind = ERROR_INPUT;
    error->place.mark.offset = (uint32_t)offset;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -1;
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n' ||
           character == '\r' || character == '\f';
}

static bool is_word(char character)
{
    return (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_';
}

static char peek(const struct lexer *lexer, size_t at)
{
    return at < lexer->length ? lexer->text[at] : '\0';
}

static bool starts_with(const struct lexer *lexer, const char *string)
{
    size_t length = strlen(string);
    return lexer->length - lexer->at >= length &&
           memcmp(lexer->text + lexer->at, string, length) == 0;
}

static size_t skip_space(const struct lexer *lexer, size_t at)
{
    while (is_space(peek(lexer, at)))
        at++;
    return at;
}

/* The end of `. name` or `. *` at `at`; `at` itself when it is not there. */
static size_t skip_property(const struct lexer *lexer, size_t at)
{
    size_t dot = skip_space(lexer, at);
    if (peek(lexer, dot) != '.')
        return at;
    size_t end = skip_space(lexer, dot + 1);
    if (peek(lexer, end) == '*')
        return end + 1;
    size_t start = end;
    while (is_word(peek(lexer, end)))
        end++;
    return end > start ? end : at;
}

/* A word that is not the beginning of a name. */
static bool is_whole_word(const struct lexer *lexer, const char *word)
{
    char next = peek(lexer, lexer->at + strlen(word));
    return starts_with(lexer, word) && !is_word(next) && next != '.';
}

static struct token finish(struct lexer *lexer, struct token token, size_t end)
{
    token.start = lexer->at;
    token.end = end;
    lexer->at = end;
    return token;
}

static struct token failed(struct lexer *lexer)
{
    return finish(lexer, (struct token){.kind = TOKEN_FAILED}, lexer->at);
}

/* The place of the closing quote: the first that no backslash stands before,
 * else the last of the others. 0 when there is none. */
static size_t closing_quote(const struct lexer *lexer)
{
    size_t escaped = 0;
    for (size_t i = lexer->at + 1; i < lexer->length; i++) {
        if (lexer->text[i] != '\'')
            continue;
        if (lexer->text[i - 1] != '\\')
            return i;
        escaped = i;
    }
    return escaped;
}

static struct token quoted(struct lexer *lexer)
{
    size_t start = lexer->at + 1;
    size_t end = closing_quote(lexer);
    if (end == 0) {
        fail_at(lexer->error, lexer->at,
                "the text is not closed, expected \"'\"");
        return failed(lexer);
    }
    const struct value *value = literal_read_quoted(
        lexer->arena, lexer->text + start, end - start, start, lexer->error);
    if (!value)
        return failed(lexer);
    return finish(lexer, (struct token){.kind = TOKEN_VALUE, .value = value},
                  end + 1);
}

static struct token json(struct lexer *lexer)
{
    size_t used;
    const struct value *value =
        literal_read(lexer->arena, lexer->text + lexer->at,
                     lexer->length - lexer->at, &used, lexer->at, lexer->error);
    if (!value)
        return failed(lexer);
    return finish(lexer, (struct token){.kind = TOKEN_VALUE, .value = value},
                  lexer->at + used);
}

static struct token name(struct lexer *lexer)
{
    size_t end = lexer->at;
    while (is_word(peek(lexer, end)))
        end++;
    for (size_t next = skip_property(lexer, end); next > end;
         next = skip_property(lexer, end))
        end = next;
    return finish(lexer,
                  (struct token){.kind = TOKEN_NAME,
                                 .name = lexer->text + lexer->at,
                                 .length = end - lexer->at},
                  end);
}

static struct token property(struct lexer *lexer)
{
    size_t end = skip_property(lexer, lexer->at);
    size_t start = skip_space(lexer, lexer->at + 1);
    return finish(lexer,
                  (struct token){.kind = TOKEN_PROPERTY,
                                 .name = lexer->text + start,
                                 .length = end - start},
                  end);
}

/* Marks and operators by their first byte; of two that begin in the same way,
 * the longer one first. */
struct mark_entry {
    const char text[4];
    unsigned char length;
    enum token_kind kind;
    enum operator_id operator;
};

#define MARK(text, kind)                                                       \
    {                                                                          \
        text, sizeof(text) - 1, kind, 0                                        \
    }
#define SIGN(text, operator)                                                   \
    {                                                                          \
        text, sizeof(text) - 1, TOKEN_OPERATOR, operator                       \
    }

static const struct mark_entry marks[] = {
    MARK("(", TOKEN_OPEN),          MARK(")", TOKEN_CLOSE),
    MARK(",", TOKEN_COMMA),         MARK(":", TOKEN_COLON),
    MARK("?", TOKEN_QUESTION),      MARK("...", TOKEN_SPREAD),
    SIGN("!=", OPERATOR_NOT_EQUAL), SIGN("%", OPERATOR_MODULO),
    SIGN("&&", OPERATOR_AND),       SIGN("**", OPERATOR_POWER),
    SIGN("*", OPERATOR_MULTIPLY),   SIGN("+", OPERATOR_ADD),
    SIGN("-", OPERATOR_SUBTRACT),   SIGN("/", OPERATOR_DIVIDE),
    SIGN("<>", OPERATOR_DIFFERENT), SIGN("<=", OPERATOR_LESS_EQUAL),
    SIGN("<", OPERATOR_LESS),       SIGN("==", OPERATOR_EQUAL),
    SIGN("=", OPERATOR_SAME),       SIGN(">=", OPERATOR_GREATER_EQUAL),
    SIGN(">", OPERATOR_GREATER),    SIGN("||", OPERATOR_OR),
};

static struct token unknown(struct lexer *lexer)
{
    unsigned char byte = (unsigned char)peek(lexer, lexer->at);
    const char *hint = byte == '|'   ? ", expected '||'"
                       : byte == '&' ? ", expected '&&'"
                       : byte == '}' ? ", expected '}}'"
                                     : "";
    uint32_t code = 0;
    size_t used =
        utf8_decode(lexer->text + lexer->at, lexer->length - lexer->at, &code);
    if (used > 1 && code >= 0xA0)
        fail_at(lexer->error, lexer->at,
                "unexpected character '%.*s': names are of a-z, A-Z, 0-9 and "
                "_, texts stand in quotes",
                (int)used, lexer->text + lexer->at);
    else if (byte >= 0x20 && byte < 0x7F)
        fail_at(lexer->error, lexer->at, "unexpected character '%c'%s", byte,
                hint);
    else
        fail_at(lexer->error, lexer->at, "unexpected byte 0x%02x", byte);
    return failed(lexer);
}

static bool marked(struct lexer *lexer, struct token *token)
{
    if (lexer->template && starts_with(lexer, "}}")) {
        *token = finish(lexer, (struct token){.kind = TOKEN_BLOCK_CLOSE},
                        lexer->at + 2);
        return true;
    }
    if (lexer->template && starts_with(lexer, "-}}")) {
        *token = finish(lexer, (struct token){.kind = TOKEN_BLOCK_TRIM},
                        lexer->at + 3);
        return true;
    }
    char first = peek(lexer, lexer->at);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const struct mark_entry *mark = &marks[i];
        if (mark->text[0] != first ||
            lexer->length - lexer->at < mark->length ||
            memcmp(lexer->text + lexer->at, mark->text, mark->length) != 0)
            continue;
        *token = finish(lexer,
                        (struct token){.kind = mark->kind,
                                       .operator= mark->operator},
                        lexer->at + mark->length);
        return true;
    }
    return false;
}

struct token lexer_next(struct lexer *lexer)
{
    lexer->at = skip_space(lexer, lexer->at);
    if (lexer->at >= lexer->length)
        return finish(lexer, (struct token){.kind = TOKEN_END}, lexer->at);
    char first = lexer->text[lexer->at];
    struct token token;
    if (!is_word(first) && marked(lexer, &token))
        return token;
    if (first == '!')
        return finish(lexer, (struct token){.kind = TOKEN_NOT}, lexer->at + 1);
    if (is_whole_word(lexer, "null"))
        return finish(lexer,
                      (struct token){.kind = TOKEN_VALUE, .value = &none_value},
                      lexer->at + strlen("null"));
    if (first == '\'')
        return quoted(lexer);
    if (first == '"' || first == '{' || first == '[' ||
        (first >= '0' && first <= '9') || is_whole_word(lexer, "true") ||
        is_whole_word(lexer, "false"))
        return json(lexer);
    if (is_word(first))
        return name(lexer);
    if (first == '.' && skip_property(lexer, lexer->at) > lexer->at)
        return property(lexer);
    return unknown(lexer);
}
