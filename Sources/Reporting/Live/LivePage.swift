/// What makes a served page follow its run: with scripts, its content is replaced when there is news; without, the page
/// is loaded again now and then.
struct LivePage: Sendable {
    /// Seconds between two looks at the run.
    static let interval = 3.0

    /// Lets this page's one script run, and no other.
    let nonce: String

    var refresh: String { #"<noscript><meta http-equiv="refresh" content="10"></noscript>"# }

    /// Nothing but this page itself may be fetched.
    var contentSecurityPolicy: String {
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-\(nonce)'; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    var script: String {
        """
        <p id="connection" role="status" hidden>The run no longer answers: it has ended or was stopped. \
        Its report is in its folder.</p>
        <script nonce="\(nonce)">
        let version = "";
        async function follow() {
          const connection = document.getElementById("connection");
          try {
            const answer = await fetch(location.pathname, { headers: { "If-None-Match": version }, cache: "no-store" });
            connection.hidden = true;
            if (answer.status === 200) {
              version = answer.headers.get("ETag") || "";
              const page = new DOMParser().parseFromString(await answer.text(), "text/html");
              document.querySelector("main").replaceWith(page.querySelector("main"));
            }
          } catch { connection.hidden = false; }
          setTimeout(follow, \(Int(Self.interval * 1000)));
        }
        setTimeout(follow, \(Int(Self.interval * 1000)));
        </script>
        """
    }
}
