import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A server that speaks OpenAI's chat-completions protocol.
public struct ChatEndpoint: Sendable {
    /// Up to and without `/chat/completions`.
    public let url: URL
    public let model: String
    /// Sent as a bearer token; nothing is sent where nil.
    public let key: String?
    /// Seconds before each further try of a request that the server was too busy for or did not answer.
    public var delays: [Double] = [1, 2, 4, 8, 16]

    /// - Throws: ``EvaluationError/endpoint(url:reason:)`` for anything but an http or https address.
    public init(_ address: String, model: String, key: String?) throws {
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host != nil else {
            throw EvaluationError.endpoint(url: address, reason: "it is no http or https address")
        }
        (self.url, self.model, self.key) = (url, model, key)
    }

    /// What the model replies to a system message and a user's, at temperature 0.
    public func reply(system: String, user: String, maximumTokens: Int = 2048) throws -> String {
        let request = try request(system: system, user: user, maximumTokens: maximumTokens)
        for delay in delays + [nil] {
            let outcome = Self.send(request)
            switch outcome {
            case .success((200, let data)): return try content(of: data)
            case .success((let status, let data)):
                let text = String(decoding: data.prefix(200), as: UTF8.self).split(separator: "\n").joined(
                    separator: " ")
                guard status == 429 || status >= 500, delay != nil else {
                    throw failure("it answered with the status \(status): \(text)")
                }
            case .failure(let error):
                guard delay != nil else { throw failure(error.reason) }
            }
            if let delay { Thread.sleep(forTimeInterval: delay) }
        }
        throw failure("it did not answer")
    }

    private func request(system: String, user: String, maximumTokens: Int) throws -> URLRequest {
        var request = URLRequest(url: url.appendingPathComponent("chat/completions"), timeoutInterval: 300)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        let body: [String: Any] = [
            "model": model, "temperature": 0, "max_tokens": maximumTokens, "n": 1,
            "messages": [["role": "system", "content": system], ["role": "user", "content": user]],
        ]
        request.httpBody = try JSONSerialization.data(withJSONObject: body, options: .sortedKeys)
        return request
    }

    private func content(of data: Data) throws -> String {
        let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        let choice = (object?["choices"] as? [[String: Any]])?.first
        guard let content = (choice?["message"] as? [String: Any])?["content"] as? String else {
            throw failure("its answer holds no choices[0].message.content")
        }
        return content
    }

    private func failure(_ reason: String) -> EvaluationError {
        .endpoint(url: url.absoluteString, reason: reason)
    }

    private struct TransportError: Error { var reason: String }

    /// Sends a request and waits for its status and body.
    private static func send(_ request: URLRequest) -> Result<(Int, Data), TransportError> {
        let outcome = Mutex<Result<(Int, Data), TransportError>>(.failure(TransportError(reason: "it did not answer")))
        let done = DispatchSemaphore(value: 0)
        let task = URLSession.shared.dataTask(with: request) { data, response, error in
            outcome.withLock { outcome in
                if let response = response as? HTTPURLResponse {
                    outcome = .success((response.statusCode, data ?? Data()))
                } else if let error {
                    outcome = .failure(TransportError(reason: error.localizedDescription))
                }
            }
            done.signal()
        }
        task.resume()
        done.wait()
        return outcome.withLock { $0 }
    }
}
