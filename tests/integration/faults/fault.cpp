// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault.h"

const QList<Fault> &smallFaults()
{
    using Shows = Fault::Shows;
    using Told = Fault::Told;
    static const QList<Fault> faults{
        {"healthy", "tokens=6", Shows::Never, {}, false},
        {"refused", "", Shows::Connecting, Told::Unreachable},
        {"reset at once", "fault=reset", Shows::First},
        {"closed at once", "fault=close", Shows::First},
        {"no HTTP", "fault=garbage", Shows::First},
        {"stall before the head", "fault=stall", Shows::First, Told::Timeout},
        {"slow drip", "drip=200", Shows::First, Told::Timeout},
        {"redirect", "fault=redirect", Shows::First},
        {"gzip", "fault=gzip", Shows::First},
        {"200 and no body", "fault=empty", Shows::First},
        {"204", "status=204,fault=empty", Shows::First},
        {"400", "status=400", Shows::First, Told::Refusal, true, 400},
        {"401", "status=401", Shows::First, Told::Refusal, true, 401},
        {"404", "status=404", Shows::First, Told::Refusal, true, 404},
        {"422", "status=422", Shows::First, Told::Refusal, true, 422},
        {"429 with Retry-After", "status=429,retry_after=7", Shows::First, Told::Refusal, true, 429, 7},
        {"500", "status=500", Shows::First, Told::Refusal, true, 500},
        {"503 with Retry-After", "status=503,retry_after=5", Shows::First, Told::Refusal, true, 503, 5},

        {"stall after the head", "fault=stall@0", Shows::BeforeText, Told::Timeout},
        {"reset after the head", "fault=reset@0", Shows::BeforeText},
        {"garbage for a body", "fault=garbage@0", Shows::BeforeText},
        {"error for a body", "fault=error@0", Shows::BeforeText, Told::ErrorObject},

        {"stall in the middle", "fault=stall@3", Shows::AfterText, Told::Timeout},
        {"reset in the middle", "fault=reset@3", Shows::AfterText},
        {"closed in the middle", "fault=close@3", Shows::AfterText},
        {"half an event", "fault=half_event@3", Shows::AfterText},
        {"garbage in the middle", "fault=garbage@3", Shows::AfterText},
        {"truncated JSON", "fault=truncated@3", Shows::AfterText},
        {"invalid UTF-8", "tokens=16,fault=invalid_utf8@3", Shows::AfterText},
        {"error in the middle", "fault=error@3", Shows::AfterText, Told::ErrorObject},
        {"without end", "tokens=1000,interval=25", Shows::AfterText, Told::Timeout},
        {"a length too short", "fault=short_length", Shows::AtEnd},

        {"a length too long", "fault=long_length", Shows::Never},
        {"no end said", "fault=no_done", Shows::AtEnd, Told::Failed, false},
        {"byte by byte", "tokens=6,framing=chunked,chunk=1", Shows::Never, {}, false},
        {"until it closes", "tokens=6,framing=close", Shows::Never, {}, false},
        {"with comments", "tokens=6,comments=on", Shows::Never, {}, false},
        {"whole, though a stream was asked for", "tokens=6,whole=on", Shows::Never, {}, false},
    };
    return faults;
}

const QList<Fault> &largeFaults()
{
    using Shows = Fault::Shows;
    using Told = Fault::Told;
    static const QList<Fault> faults{
        {"100 MB", "tokens=1,size=100M", Shows::Never},
        {"a line without end", "fault=endless_line@3", Shows::AfterText},
        {"a body without end", "fault=endless_line,whole=on", Shows::First},
        {"an error of 100 MB", "status=500,size=100M", Shows::First, Told::Refusal, true, 500},
    };
    return faults;
}
