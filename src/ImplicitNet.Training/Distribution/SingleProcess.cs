namespace ImplicitNet.Training.Distribution;

/// <summary>One process on its own: all sums are what they were.</summary>
public sealed class SingleProcess : Collective
{
    /// <inheritdoc/>
    public override int Rank => 0;

    /// <inheritdoc/>
    public override int Size => 1;

    /// <inheritdoc/>
    public override int LocalSize => 1;

    /// <inheritdoc/>
    public override string Description => "one process";

    /// <inheritdoc/>
    public override void Sum(Span<double> values)
    {
    }

    /// <inheritdoc/>
    public override void Sum(Span<float> values)
    {
    }

    /// <inheritdoc/>
    public override void Max(Span<double> values)
    {
    }

    /// <inheritdoc/>
    public override void Broadcast(Span<byte> bytes)
    {
    }

    /// <inheritdoc/>
    public override byte[][] Gather(ReadOnlySpan<byte> bytes) => [bytes.ToArray()];

    /// <inheritdoc/>
    public override void Abort(int exitCode) => Environment.Exit(exitCode);
}
