using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>Points of a noisy wave, made when they are asked for; each epoch is trained on in another noise.</summary>
internal sealed class Waves() : IndexedBatches("waves", count: 48, batchSize: 16, seed: 5)
{
    public override object? Identity => "waves, version 1";

    protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
    {
        double[,] x = new double[indices.Length, 1];
        double[] y = new double[indices.Length];
        for (int row = 0; row < y.Length; row++)
        {
            x[row, 0] = indices[row] / 48.0;
            y[row] = Math.Sin(6 * x[row, 0]) + (0.1 * Math.Sin((997 * indices[row]) + (31 * epoch ?? 0)));
        }

        return new Batch(tensor(x), tensor(y));
    }
}
