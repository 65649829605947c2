using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Benchmarks.Naive;
using ImplicitNet.Cli;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>
/// Our inference of all test images against the naive one, with the published network of one latent layer and the published
/// stopping rule: with the same weights; by a contraction of the same size, trained here for as many steps; and with another network where
/// one is given.
/// </summary>
internal sealed class InferencePairs : IDisposable
{
    private const double LearningRate = 1e-3;
    private const int TrainingBatch = 100;

    private readonly MeasuredImages _images;
    private readonly PreparedBatches _batches;
    private readonly int _batch;
    private readonly ImplicitNetwork _network;
    private readonly NaiveNetwork _naive;
    private readonly LibraryTraining? _contraction;
    private readonly string _weights;

    /// <summary>Reads the weights, or trains some by the naive procedure, and the contraction by JFB.</summary>
    /// <param name="images">To infer, and to train on.</param>
    /// <param name="batch">Images in a batch.</param>
    /// <param name="gamma">The factor in R.</param>
    /// <param name="weights">A file of the published code's format; null to train.</param>
    /// <param name="trainingSteps">How long.</param>
    public InferencePairs(MeasuredImages images, int batch, double gamma, string? weights, int trainingSteps)
    {
        MnistFpnOptions options = new() { Gamma = gamma };
        (_images, _batch) = (images, batch);
        if (weights is null)
        {
            _weights = $"weights of {trainingSteps} naive training steps";
            _network = MnistFpn.Create(options);
        }
        else
        {
            _weights = $"weights of {Path.GetFileName(weights)}";
            ModelConfig config;
            (_network, config) = PublishedWeights.Read(weights, layers => new ModelConfig
            {
                Data = "mnist",
                Network = options with { LatentLayers = layers },
                PixelMean = images.Normalization.Mean,
                PixelDeviation = images.Normalization.Deviation,
            });
            options = (MnistFpnOptions)config.Network;
        }

        _network.OnFailure = new MaskFailures();
        _naive = new NaiveNetwork(_network, options);
        _batches = PreparedBatches.ToInfer(images, batch);
        if (weights is null)
        {
            _contraction = new LibraryTraining(DigitClassifier.Create(new DigitClassifierOptions { Gamma = gamma }), LearningRate);
            Train(_contraction, trainingSteps);
            _contraction.Network.eval();
        }

        _network.eval();
        _naive.eval();
    }

    /// <summary>Measures the same weights, the contraction where weights were trained, and the model where there is one.</summary>
    /// <param name="rounds">How often.</param>
    /// <param name="machine">Where.</param>
    /// <param name="model">A model folder; null for none.</param>
    /// <param name="output">Told which solvers were tried.</param>
    /// <exception cref="CommandException">
    /// The naive procedure does not settle on most of the images: there is nothing to compare.
    /// </exception>
    public IEnumerable<PairResult> Run(Rounds rounds, Machine machine, string? model, TextWriter output)
    {
        Inference naive = Inference.Of(_naive, _batches);
        if (2 * naive.Failures > _batches.Images)
        {
            throw new CommandException(
                $"the naive procedure does not settle on {Display.Count(naive.Failures)} of {Display.Count(_batches.Images)} images with "
                    + $"{_weights}: R has no fixed point there that it finds. Take a smaller --gamma, or weights of an implicit network.");
        }

        Inference exact = PairedSolver.Exact(_network, _batches);
        double agreement = naive.Agreement(exact);
        IReadOnlyList<PairedSolver> tried = PairedSolver.Try(_network, _batches, exact, agreement);
        foreach (PairedSolver choice in tried)
        {
            output.WriteLine($"    tried {choice}: answers of the fixed point {Display.Percent(choice.Inference.Agreement(exact))} in "
                + $"{Display.Measured(choice.Inference.Seconds)}, naive {Display.Percent(agreement)}");
        }

        PairedSolver best = tried.MinBy(choice => choice.Inference.Seconds)!;
        best.Apply(_network);
        yield return Measure($"ImplicitNet, same weights, {best}", _network, _batches, naive, rounds, machine);
        if (_contraction is not null)
        {
            PairedSolver fastest = PairedSolver.Fastest(_contraction.Network, _batches);
            fastest.Apply(_contraction.Network);
            yield return Measure($"ImplicitNet, contraction of the same size, as many steps of JFB, {fastest}", _contraction.Network,
                _batches, naive, rounds, machine);
        }

        if (model is not null)
        {
            (ImplicitNetwork network, ModelConfig config) = ModelFolder.Load(model);
            using ImplicitNetwork owned = network;
            network.OnFailure = new MaskFailures();
            using PreparedBatches batches = PreparedBatches.ToInfer(_images, _batch, config.Normalization);
            yield return Measure($"ImplicitNet, model {Path.GetFileName(Path.GetFullPath(model))} ({config.Architecture})", network,
                batches, naive, rounds, machine);
        }
    }

    public void Dispose()
    {
        _batches.Dispose();
        _naive.Dispose();
        _network.Dispose();
        _contraction?.Dispose();
    }

    private PairResult Measure(
        string name, ImplicitNetwork network, PreparedBatches batches, Inference naive, Rounds rounds, Machine machine)
    {
        Inference? ours = null;
        return PairResult.Of(
            new Pair
            {
                Name = "inference of all test images",
                BaselineName = $"naive procedure, {_weights}",
                CandidateName = name,
                Batch = _batch,
                Unit = "pass",
                UnitsInRound = 1,
                Baseline = _ => Inference.Of(_naive, _batches),
                Candidate = _ => ours = Inference.Of(network, batches),
                Facts = () =>
                [
                    new Fact("images", null, _batches.Images, "0"),
                    new Fact("accuracy (%)", 100 * naive.Accuracy, 100 * ours!.Accuracy, "0.00"),
                    new Fact("share of equal answers (%)", null, 100 * ours.Agreement(naive), "0.00"),
                    new Fact("mean steps of a sample", naive.MeanSteps, ours.MeanSteps, "0.00"),
                    new Fact("samples not converged", naive.Failures, ours.Failures, "0"),
                ],
            },
            rounds,
            machine,
            _images.Name);
    }

    private void Train(LibraryTraining contraction, int steps)
    {
        using PreparedBatches batches = PreparedBatches.ToTrain(_images, TrainingBatch, steps);
        using NaiveTraining training = new(_naive, LearningRate);
        _naive.train();
        for (int step = 0; step < steps; step++)
        {
            (Tensor data, Tensor labels) = batches.ChannelsFirst(step);
            training.Step(data, labels);
            contraction.Step(batches.ChannelsLast(step).Images, labels);
        }

        _naive.CopyTo(_network);
    }
}
