using System.Globalization;
using ImplicitNet.Differentiation;
using ImplicitNet.LinearSolvers;

namespace ImplicitNet.Gradients;

/// <summary>
/// What the backward passes through one attached latent did. It is empty before the first, so read it after <c>backward()</c>. Plain
/// numbers; it owns no tensor.
/// </summary>
public sealed class GradientReport
{
    private readonly GradientReport? _outer;
    private readonly UntoldFailure? _untold;

    /// <summary>An empty report.</summary>
    public GradientReport()
    {
    }

    /// <summary>A report of a pass behind another, whose report is told of failures too: it is the one that the caller has.</summary>
    internal GradientReport(GradientReport outer) => _outer = outer;

    /// <summary>A report of a layer, whose next call throws what nobody was told of until then.</summary>
    internal GradientReport(UntoldFailure untold) => _untold = untold;

    /// <summary>Backward passes so far.</summary>
    public int Passes { get; private set; }

    /// <summary>
    /// The adjoint solve of the last pass, one entry per sample (a single one for a map that couples its samples); empty where the gradient
    /// solves nothing.
    /// </summary>
    public IReadOnlyList<LinearSampleReport> Samples { get; private set; } = [];

    /// <summary>Products with J or its transpose in all passes, each counted once for every sample in it, as evaluations are.</summary>
    public long Products { get; private set; }

    /// <summary>
    /// Samples for which the last pass fell back to JFB's direction or, of a <see cref="Backsolve"/>, to <see cref="DiscreteAdjoint"/>.
    /// </summary>
    public int FallBacks { get; private set; }

    /// <summary>
    /// Of a <see cref="Backsolve"/>, for every sample how far the state that came back at a time asked for was from the one that had been
    /// there, over the tolerance: the largest of the last pass; infinite where the way back failed. Empty for other gradients.
    /// </summary>
    public IReadOnlyList<double> Reconstruction { get; private set; } = [];

    /// <summary>True unless an adjoint solve of the last pass ended without meeting its tolerance.</summary>
    public bool AllConverged => Samples.All(sample => sample.Status == LinearStatus.Converged);

    /// <summary>The first failure inside a pass, whose gradient is then NaN; null if there was none.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>
    /// Throws if a pass failed. A backward pass runs inside the native library, which no exception may pass through: it returns NaN and
    /// keeps the exception here. If nobody calls this, the next call of the layer throws the failure, once; after that the layer works as
    /// before.
    /// </summary>
    /// <exception cref="InvalidOperationException">With the failure inside.</exception>
    public void ThrowIfFailed()
    {
        if (Failure is not null)
        {
            _untold?.Take(this);
            throw Thrown(Failure);
        }
    }

    /// <summary>One line: passes, products, and how the adjoint solves ended.</summary>
    public override string ToString()
    {
        string passes = string.Create(CultureInfo.InvariantCulture,
            $"{Passes} backward pass{(Passes == 1 ? "" : "es")}, {Products} products");
        string other = Reconstruction.Count > 0 ? "their steps" : "JFB";
        string fallBacks = FallBacks > 0 ? string.Create(CultureInfo.InvariantCulture, $", {FallBacks} samples by {other} instead") : "";
        return Failure is not null ? $"{passes}, failed: {Failure.Message}"
            : Samples.Count == 0 ? passes + fallBacks
            : passes + fallBacks + string.Create(
                CultureInfo.InvariantCulture,
                $", {Samples.Count(sample => sample.Status == LinearStatus.Converged)} of {Samples.Count} adjoint solves converged, "
                    + $"residual {Samples.Max(sample => sample.RelativeResidual):g3} at most");
    }

    internal void BeginPass()
    {
        Passes++;
        Samples = [];
        FallBacks = 0;
        Reconstruction = [];
    }

    internal void Solved(IReadOnlyList<LinearSampleReport> samples) => Samples = samples;

    internal void FellBack(int samples) => FallBacks = samples;

    internal void Reconstructed(IReadOnlyList<double> distances, int redone) => (Reconstruction, FallBacks) = (distances, redone);

    internal void Paid(long products) => Products += products;

    /// <summary>What the passes go through.</summary>
    internal string Through { get; init; } = "a fixed point";

    /// <summary>The exception that tells a caller of a failure.</summary>
    internal InvalidOperationException Thrown(Exception failure) =>
        new($"The backward pass through {Through} failed, and its gradient is NaN: {failure.Message}", failure);

    internal void Failed(Exception failure)
    {
        // What torch throws has the frames of its native stack in the message.
        Exception told = TorchMessage.Told(failure);
        Failure ??= told;
        _untold?.Put(this, told);
        _outer?.Failed(told);
    }
}
