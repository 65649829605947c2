using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Tests.Distribution;

/// <summary>Two ranks in one process, of which the other always has what this one has.</summary>
internal sealed class Twin : Collective
{
    public override int Rank => 0;

    public override int Size => 2;

    public override int LocalSize => 2;

    public override string Description => "twins";

    public override void Sum(Span<double> values)
    {
        foreach (ref double value in values)
        {
            value *= 2;
        }
    }

    public override void Sum(Span<float> values)
    {
        foreach (ref float value in values)
        {
            value *= 2;
        }
    }

    public override void Max(Span<double> values)
    {
    }

    public override void Broadcast(Span<byte> bytes)
    {
    }

    public override byte[][] Gather(ReadOnlySpan<byte> bytes) => [bytes.ToArray(), bytes.ToArray()];

    public override void Abort(int exitCode) => Assert.Fail($"aborted with {exitCode}");
}
