using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Models;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>
/// What being implicit costs: a training step by JFB of the default classifier against that of its explicit twin S(R(0, Q(d))).
/// </summary>
internal sealed class ExplicitPair : IDisposable
{
    private const double LearningRate = 1e-3;
    private const int MostBatches = 100;

    private readonly PreparedBatches _batches;
    private readonly int _batch;
    private readonly int _steps;

    /// <summary>Prepares the batches.</summary>
    public ExplicitPair(MeasuredImages images, int batch, int steps)
    {
        _batches = PreparedBatches.ToTrain(images, batch, MostBatches);
        (_batch, _steps) = (batch, steps);
    }

    /// <summary>Measures the pair.</summary>
    public PairResult Run(Rounds rounds, Machine machine, string images)
    {
        using LibraryTraining twin = new(DigitClassifier.Create(new DigitClassifierOptions { Explicit = true }), LearningRate);
        using LibraryTraining network = new(DigitClassifier.Create(), LearningRate);
        return PairResult.Of(
            new Pair
            {
                Name = "training step",
                BaselineName = "its explicit twin",
                CandidateName = "ImplicitNet, default network by JFB",
                Batch = _batch,
                Unit = "step",
                UnitsInRound = _steps,
                Baseline = round => Steps(twin, round),
                Candidate = round => Steps(network, round),
                Facts = () =>
                [
                    new Fact("mean steps of a sample", null, network.MeanSteps, "0.00"),
                    new Fact("samples not converged", null, network.Failures, "0"),
                ],
            },
            rounds,
            machine,
            images);
    }

    public void Dispose() => _batches.Dispose();

    private void Steps(LibraryTraining training, int round)
    {
        for (int i = 0; i < _steps; i++)
        {
            (Tensor data, Tensor labels) = _batches.ChannelsLast((round * _steps) + i);
            training.Step(data, labels);
        }
    }
}
