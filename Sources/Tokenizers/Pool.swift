import Synchronization

/// Lends each caller an object of its own, so that threads encode side by side without sharing working memory.
/// It keeps as many as were ever lent at once.
final class Pool<Element: AnyObject>: Sendable {
    private let free = Mutex<[Lent]>([])
    private let make: @Sendable () -> Element

    /// `@unchecked Sendable`: an object is in the pool or with one caller, never both.
    private struct Lent: @unchecked Sendable {
        let element: Element
    }

    init(_ make: @escaping @Sendable () -> Element) {
        self.make = make
    }

    func take() -> Element {
        let lent = free.withLock { $0.popLast() }
        return lent?.element ?? make()
    }

    func give(_ element: Element) {
        let lent = Lent(element: element)
        free.withLock { $0.append(lent) }
    }
}
