namespace ImplicitNet.Training.Distribution;

/// <summary>Ranks could not do something together: one did not come in time, or the library that connects them failed.</summary>
public sealed class CollectiveException : Exception
{
    /// <summary>Creates it.</summary>
    /// <param name="message">Which call, on which rank of how many, how long it waited, and what the library says.</param>
    /// <param name="innerException">What it follows from; null for nothing.</param>
    public CollectiveException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
