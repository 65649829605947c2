namespace ImplicitNet.Gradients;

/// <summary>Whether a <see cref="GateFunction"/> lets gradients through; open at first.</summary>
internal sealed class Gate
{
    public bool IsOpen { get; private set; } = true;

    /// <summary>Lets nothing through until the result is disposed.</summary>
    public IDisposable Close()
    {
        IsOpen = false;
        return new Reopening(this);
    }

    private sealed class Reopening(Gate gate) : IDisposable
    {
        public void Dispose() => gate.IsOpen = true;
    }
}
