// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/behaviour.h"

#include <QHash>

#include <cmath>

namespace gatehouse::fakes {

namespace {

using namespace std::chrono_literals;

/// The tokens of an answer asked for by `size` alone: few enough to be quick, small enough to be a stream.
constexpr int BigTokenBytes = 64 * 1024;
constexpr double MostMilliseconds = 24.0 * 60 * 60 * 1000;

struct FaultName
{
    const char *name;
    Fault::Kind kind;
};
constexpr FaultName faultNames[] = {
    {"none", Fault::Kind::None},
    {"refuse", Fault::Kind::Refuse},
    {"reset", Fault::Kind::Reset},
    {"close", Fault::Kind::Close},
    {"stall", Fault::Kind::Stall},
    {"half_event", Fault::Kind::HalfEvent},
    {"garbage", Fault::Kind::Garbage},
    {"truncated", Fault::Kind::Truncated},
    {"invalid_utf8", Fault::Kind::InvalidUtf8},
    {"endless_line", Fault::Kind::EndlessLine},
    {"error", Fault::Kind::ErrorEvent},
    {"no_done", Fault::Kind::NoDone},
    {"redirect", Fault::Kind::Redirect},
    {"gzip", Fault::Kind::Gzip},
    {"short_length", Fault::Kind::ShortLength},
    {"long_length", Fault::Kind::LongLength},
    {"empty", Fault::Kind::Empty},
};

bool readInt(QByteArrayView text, int &target, int least = 0)
{
    bool ok = false;
    const int value = text.toByteArray().toInt(&ok);
    if (!ok || value < least)
        return false;
    target = value;
    return true;
}

std::optional<double> readNumber(QByteArrayView text, double most)
{
    bool ok = false;
    const double value = text.toByteArray().toDouble(&ok);
    if (!ok || !std::isfinite(value) || value < 0 || value > most)
        return {};
    return value;
}

template <typename Duration>
bool readMilliseconds(QByteArrayView text, Duration &target)
{
    const std::optional<double> value = readNumber(text, MostMilliseconds);
    if (value)
        target = std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(*value));
    return value.has_value();
}

bool readSpeed(QByteArrayView text, Behaviour &behaviour)
{
    const std::optional<double> perSecond = readNumber(text, 1e6);
    if (!perSecond || *perSecond <= 0)
        return false;
    behaviour.interval = std::chrono::microseconds(qint64(1e6 / *perSecond));
    return true;
}

bool readSize(QByteArrayView text, Behaviour &behaviour)
{
    double unit = 1;
    if (text.endsWith('K'))
        unit = 1024;
    else if (text.endsWith('M'))
        unit = 1024 * 1024;
    if (unit > 1)
        text.chop(1);
    const std::optional<double> bytes = readNumber(text, 1e9 / unit);
    if (!bytes)
        return false;
    if (behaviour.tokenBytes == 0)
        behaviour.tokenBytes = BigTokenBytes;
    behaviour.tokens = int(std::ceil(*bytes * unit / behaviour.tokenBytes));
    return true;
}

template <typename Enum>
bool readName(QByteArrayView text, const QHash<QByteArray, Enum> &names, Enum &target)
{
    const auto found = names.find(text.toByteArray());
    if (found == names.end())
        return false;
    target = *found;
    return true;
}

bool readUsage(QByteArrayView text, Behaviour &behaviour)
{
    return readName(
        text, {{"on", UsageReport::Always}, {"off", UsageReport::Never}, {"auto", UsageReport::AsAsked}},
        behaviour.usage);
}

bool readFraming(QByteArrayView text, Behaviour &behaviour)
{
    return readName(text,
                    {{"auto", Framing::Auto},
                     {"chunked", Framing::Chunked},
                     {"length", Framing::Length},
                     {"close", Framing::Close}},
                    behaviour.framing);
}

bool readFault(QByteArrayView text, Behaviour &behaviour)
{
    const qsizetype at = text.indexOf('@');
    Fault fault;
    if (at >= 0 && !readInt(text.sliced(at + 1), fault.after))
        return false;
    const QByteArrayView name = at < 0 ? text : text.first(at);
    for (const FaultName &known : faultNames) {
        if (name == known.name) {
            fault.kind = known.kind;
            behaviour.fault = fault;
            return true;
        }
    }
    return false;
}

bool readRetryAfter(QByteArrayView text, Behaviour &behaviour)
{
    int seconds = 0;
    if (!readInt(text, seconds))
        return false;
    behaviour.retryAfterSeconds = seconds;
    return true;
}

using Reader = bool (*)(QByteArrayView, Behaviour &);

template <int Behaviour::*Member, int Least = 0>
bool readMember(QByteArrayView text, Behaviour &behaviour)
{
    return readInt(text, behaviour.*Member, Least);
}

template <auto Member>
bool readDuration(QByteArrayView text, Behaviour &behaviour)
{
    return readMilliseconds(text, behaviour.*Member);
}

bool readErrorCode(QByteArrayView text, Behaviour &behaviour)
{
    behaviour.errorCode = text.toByteArray();
    return !text.isEmpty();
}

template <bool Behaviour::*Member>
bool readSwitch(QByteArrayView text, Behaviour &behaviour)
{
    return readName(text, {{"on", true}, {"off", false}}, behaviour.*Member);
}

const QHash<QByteArray, Reader> &readers()
{
    static const QHash<QByteArray, Reader> table = {
        {"tokens", readMember<&Behaviour::tokens>},
        {"token_bytes", readMember<&Behaviour::tokenBytes>},
        {"size", readSize},
        {"reasoning", readMember<&Behaviour::reasoningTokens>},
        {"tools", readMember<&Behaviour::toolCalls>},
        {"prompt_tokens", readMember<&Behaviour::promptTokens>},
        {"embedding_size", readMember<&Behaviour::embeddingSize, 1>},
        {"usage", readUsage},
        {"head_delay", readDuration<&Behaviour::headDelay>},
        {"first_delay", readDuration<&Behaviour::firstTokenDelay>},
        {"interval", readDuration<&Behaviour::interval>},
        {"speed", readSpeed},
        {"framing", readFraming},
        {"chunk", readMember<&Behaviour::chunkBytes>},
        {"drip", readDuration<&Behaviour::drip>},
        {"comments", readSwitch<&Behaviour::comments>},
        {"whole", readSwitch<&Behaviour::whole>},
        {"status", readMember<&Behaviour::status, 200>},
        {"retry_after", readRetryAfter},
        {"code", readErrorCode},
        {"fault", readFault},
    };
    return table;
}

Error mistake(QByteArrayView option)
{
    return {.code = ErrorCode::InvalidRequest,
            .message =
                QStringLiteral("the fake upstream does not understand '%1'").arg(QString::fromUtf8(option))};
}

} // namespace

QByteArray Behaviour::tokenText(int index) const
{
    QByteArray word = 'w' + QByteArray::number(index);
    if (tokenBytes > 0)
        word = word.leftJustified(tokenBytes - 1, 'x', true);
    return word + ' ';
}

QByteArray Behaviour::text() const
{
    QByteArray all;
    for (int index = 0; index < tokens; ++index)
        all += tokenText(index);
    return all;
}

Result<Behaviour> parseBehaviour(QByteArrayView specification, const Behaviour &base)
{
    Behaviour behaviour = base;
    const QList<QByteArray> options = specification.toByteArray().split(',');
    for (const QByteArray &option : options) {
        const QByteArray trimmed = option.trimmed();
        if (trimmed.isEmpty())
            continue;
        const qsizetype equals = trimmed.indexOf('=');
        if (equals < 0)
            return mistake(trimmed);
        const Reader reader = readers().value(trimmed.first(equals));
        if (!reader || !reader(QByteArrayView(trimmed).sliced(equals + 1), behaviour))
            return mistake(trimmed);
    }
    return behaviour;
}

} // namespace gatehouse::fakes
