import FlyingFox
import Foundation

/// Answers requests for the one page that there is.
struct LiveHandler: HTTPHandler {
    let folder: FollowedFolder
    /// Of the page, with the token.
    let path: String
    let visits: Visits

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard isAddressed(request.target.path()) else { return answer(.notFound, "There is nothing here.\n") }
        guard request.method == .GET else {
            var refusal = answer(.methodNotAllowed, "This page can be read, not written.\n")
            refusal.headers[HTTPHeader("Allow")] = "GET"
            return refusal
        }
        visits.note()
        do {
            let version = try folder.version()
            if request.headers[.ifNoneMatch] == version { return HTTPResponse(statusCode: .notModified) }
            return try page(version)
        } catch {
            return answer(.internalServerError, "\(error)\n")
        }
    }

    private func page(_ version: String) throws -> HTTPResponse {
        let live = LivePage(nonce: LiveServer.randomToken())
        var response = answer(.ok, try folder.html(live), type: "text/html; charset=utf-8")
        response.headers[.eTag] = version
        response.headers[HTTPHeader("Content-Security-Policy")] = live.contentSecurityPolicy
        return response
    }

    private func answer(
        _ status: HTTPStatusCode, _ text: String, type: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        let headers: HTTPHeaders = [
            .contentType: type, .cacheControl: "no-store", HTTPHeader("X-Content-Type-Options"): "nosniff",
            HTTPHeader("Referrer-Policy"): "no-referrer",
        ]
        return HTTPResponse(statusCode: status, headers: headers, body: Data(text.utf8))
    }

    /// Takes as long for a wrong token as for the right one.
    private func isAddressed(_ requested: String) -> Bool {
        let (own, theirs) = (Array(path.utf8), Array(requested.utf8))
        guard own.count == theirs.count else { return false }
        return zip(own, theirs).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
