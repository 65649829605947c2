using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>A quantile of what is to be foretold: the loss that too low and too high answers weigh differently in (Koenker and Bassett, 1978).</summary>
internal sealed record Pinball(double Quantile) : TrainingTask
{
    public override Score Score => new("coverage error", IsHigherBetter: false);

    public override Tensor Losses(Tensor output, Batch batch)
    {
        Tensor over = TargetsLike(output, batch) - output;
        return MeanOfSamples(maximum(Quantile * over, (Quantile - 1) * over), batch.Weights);
    }

    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) =>
        [new("coverage error", (TargetsLike(output, batch).le(output).to(ScalarType.Float64) - Quantile).abs().flatten(1).mean([1]))];
}
