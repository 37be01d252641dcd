"""SIP messages made by hand."""


def sdp(address: tuple[str, int], types: str = "0", lines: str = "", profile: str = "RTP/AVP") -> str:
    head = f"v=0\r\no=- 1 1 IN IP4 {address[0]}\r\ns=-\r\nc=IN IP4 {address[0]}\r\nt=0 0\r\n"
    return head + f"m=audio {address[1]} {profile} {types}\r\n{lines}"


def message(
    first: str, body: str = "", *, call_id: str = "one@example", from_tag: str = "a", to_tag: str = "", compact: bool = False
) -> bytes:
    names = ("i", "f", "t", "l") if compact else ("Call-ID", "From", "To", "Content-Length")
    to = "<sip:b@example>" + (f";tag={to_tag}" if to_tag else "")
    values = (call_id, f'"A" <sip:a@example>;tag={from_tag}', to, str(len(body)))
    headers = "".join(f"{name}: {value}\r\n" for name, value in zip(names, values, strict=True))
    return f"{first}\r\nVia: SIP/2.0/TCP x\r\n{headers}\r\n{body}".encode()


def invite(body: str = "", **header: str) -> bytes:
    return message("INVITE sip:b@example SIP/2.0", body, **header)  # type: ignore[arg-type]


def ok(body: str = "", **header: str) -> bytes:
    return message("SIP/2.0 200 OK", body, **{"to_tag": "b", **header})  # type: ignore[arg-type]


def ack(body: str = "", **header: str) -> bytes:
    return message("ACK sip:b@example SIP/2.0", body, **{"to_tag": "b", **header})  # type: ignore[arg-type]
