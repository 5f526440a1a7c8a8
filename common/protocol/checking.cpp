// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/checking.hpp"

#include <algorithm>
#include <charconv>

namespace crowdjack::protocol {

namespace {

using Kind = Argument::Kind;

class Check {
public:
    Check(const Description& description, const OscArguments& arguments)
        : described_{description}, arguments_{arguments} {}

    void run() const {
        const std::size_t came = arguments_.size();
        if (described_.asks(came)) {
            each(came);
            return;
        }
        const std::size_t gap = text_after_gap();
        if (came < described_.least() || came + gap > described_.most()) {
            fail(std::to_string(came) + (came == 1 ? " argument came" : " arguments came"));
        }
        each(came);
    }

private:
    /// How many optional numbers are left out before a trailing text.
    [[nodiscard]] std::size_t text_after_gap() const {
        const std::size_t last = arguments_.size() - 1;
        const auto described = described_.arguments();
        if (arguments_.empty() || !arguments_.is_text(last) || last >= described.size() ||
            described[last].kind == Kind::text || !described[last].optional) {
            return 0;
        }
        for (std::size_t at = last; at < described.size(); ++at) {
            if (described[at].kind == Kind::text) {
                return at - last;
            }
        }
        return 0;
    }

    void each(std::size_t came) const {
        const std::size_t gap = text_after_gap();
        for (std::size_t i = 0; i < came; ++i) {
            const std::size_t at = i + (i + 1 == came ? gap : 0);
            const auto described = described_.arguments();
            one(i, described[std::min(at, described.size() - 1)]);
        }
    }

    void one(std::size_t i, const Argument& argument) const {
        if (std::holds_alternative<OscNothing>(arguments_.atoms()[i]) && argument.optional) {
            return;
        }
        try {
            switch (argument.kind) {
            case Kind::text:
                (void)arguments_.text(i, argument.name);
                break;
            case Kind::flag:
                (void)arguments_.flag(i, argument.name);
                break;
            case Kind::frame:
                if (!std::holds_alternative<OscNothing>(arguments_.atoms()[i])) {
                    (void)arguments_.frame(i, argument.name);
                }
                break;
            case Kind::number:
            case Kind::whole:
                number(i, argument);
                break;
            }
        } catch (const OscError& error) {
            fail(error.what());
        }
    }

    void number(std::size_t i, const Argument& argument) const {
        if (argument.held) {
            (void)arguments_.number(i, argument.name);
        } else if (argument.kind == Kind::whole) {
            (void)arguments_.integer(i, argument.name, static_cast<std::int64_t>(argument.low),
                                     static_cast<std::int64_t>(argument.high));
        } else {
            (void)arguments_.number(i, argument.name, argument.low, argument.high);
        }
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw OscError{OscErrorCode::bad_arguments,
                       what + ": use " + std::string{described_.address} + " " + described_.usage()};
    }

    const Description& described_;
    const OscArguments& arguments_;
};

OscAtom selector_atom(const Argument& argument, std::string_view text) {
    if (argument.kind == Kind::text) {
        return std::string{text};
    }
    std::int32_t number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw OscError{OscErrorCode::bad_arguments, "'" + std::string{text.substr(0, 40)} +
                                                        "' in the address stands for " + std::string{argument.name} +
                                                        ": a number is needed"};
    }
    return number;
}

}  // namespace

void check(const Description& description, const OscArguments& arguments) {
    if (!description.way.free) {
        Check{description, arguments}.run();
    }
}

Button button(const Description& description, const OscArguments& arguments, std::size_t in_address) {
    const std::size_t needed = description.selectors();
    if (arguments.size() != needed + 1 || !description.is_button(in_address > 0 && needed > 0)) {
        return Button::none;
    }
    const bool framed = description.frame_index() == needed;
    const std::size_t last = needed;
    const char type = arguments.types()[last];
    const bool whole = type == 'i' || type == 'h';
    if (!arguments.is_flag(last) || (framed && whole)) {
        return Button::none;
    }
    return arguments.flag(last, "button") ? Button::press : Button::release;
}

OscArguments with_selectors(const Resolved& resolved, const OscArguments& arguments) {
    std::vector<OscAtom> atoms = arguments.atoms();
    for (const Resolved::Selector& selector : resolved.selectors) {
        const std::size_t at = std::min(selector.argument, atoms.size());
        atoms.insert(atoms.begin() + static_cast<std::ptrdiff_t>(at),
                     selector_atom(resolved.description->arguments()[selector.argument], selector.text));
    }
    return OscArguments{std::move(atoms)};
}

bool has_frame(const Description& description, const OscArguments& arguments) {
    const auto at = description.frame_index();
    return at && *at < arguments.size() && (arguments.types()[*at] == 'i' || arguments.types()[*at] == 'h');
}

std::optional<OscArguments> with_frame(const Description& description, const OscArguments& arguments, JackFrame frame) {
    const auto at = description.frame_index();
    if (!at) {
        return std::nullopt;
    }
    if (has_frame(description, arguments)) {
        return arguments;
    }
    std::vector<OscAtom> atoms = arguments.atoms();
    const OscAtom given{static_cast<std::int32_t>(wire_frame(frame))};
    std::optional<OscAtom> text;
    if (!atoms.empty() && atoms.size() > description.least() && atoms.size() <= *at + 1 &&
        std::holds_alternative<std::string>(atoms.back())) {  // a text that follows omitted numbers
        text = atoms.back();
        atoms.pop_back();
    }
    atoms.resize(std::max(atoms.size(), *at + 1), OscAtom{OscNothing{}});
    atoms[*at] = given;
    if (text) {
        atoms.push_back(*text);
    }
    return OscArguments{std::move(atoms)};
}

OscMessage Spelling::of(const OscMessage& answer) const {
    std::vector<OscAtom> atoms = answer.atoms();
    const bool is_reply = answer.address() == at::reply;
    const auto begins = is_reply && !atoms.empty() ? std::next(atoms.begin()) : atoms.begin();
    auto ends = begins;
    for (const std::string& selector : selectors) {
        if (ends != atoms.end() && text_of(*ends) == selector) {
            ++ends;
        }
    }
    if (!is_reply && answer.address() != plain) {
        return answer;
    }
    atoms.erase(begins, ends);
    if (is_reply && !atoms.empty()) {
        atoms.front() = asked;
    }
    return OscMessage{is_reply ? answer.address() : asked, std::move(atoms)};
}

}  // namespace crowdjack::protocol
