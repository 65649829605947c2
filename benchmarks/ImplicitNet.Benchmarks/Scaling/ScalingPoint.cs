namespace ImplicitNet.Benchmarks.Scaling;

/// <summary>The sizes of one measurement.</summary>
/// <param name="Batch">Samples in a batch.</param>
/// <param name="Channels">Channels of the latent.</param>
/// <param name="Side">Side of the latent, and of the images, in pixels.</param>
/// <param name="Steps">Solver steps of every sample.</param>
/// <param name="Threads">Threads that torch computes with.</param>
internal sealed record ScalingPoint(int Batch, int Channels, int Side, int Steps, int Threads)
{
    /// <summary>For messages.</summary>
    public override string ToString() =>
        $"batch {Batch}, {Channels} x {Side} x {Side}, {Steps} steps, {Cli.Display.Counted(Threads, "thread")}";
}
