using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>One training by several ranks, which are threads, or by a process of its own.</summary>
internal sealed record RankedRuns
{
    /// <summary>Long enough for a busy machine, and no test hangs.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public BatchSource Source { get; init; } = Points(24, 8);

    public BatchSource? Validation { get; init; }

    public TrainingTask Task { get; init; } = new Classification();

    /// <summary>Twelve steps of gradient descent, whose first gradient is no larger or smaller for what came before.</summary>
    public TrainingOptions Options { get; init; } = new() { Epochs = 4, CheckpointSteps = 100, LogSteps = 1, LearningRate = 0.05, Optimizer = new SgdOptimizer() };

    /// <summary>Of the first rank; the others have none.</summary>
    public string? Folder { get; init; }

    public bool Resumes { get; init; }

    public Func<nn.Module<Tensor, Tensor>> Model { get; init; } = Network;

    public Action<int, nn.Module<Tensor, Tensor>> Prepare { get; init; } = (_, _) => { };

    /// <summary>Called on every rank with its trainer.</summary>
    public Action<int, Trainer, TrainingEvent>? OnEvent { get; init; }

    /// <summary>Of a rank, in place of <see cref="Source"/>.</summary>
    public Func<int, BatchSource>? SourceOf { get; init; }

    public Func<int, TrainingTask>? TaskOf { get; init; }

    public Func<int, TrainingOptions>? OptionsOf { get; init; }

    public Func<int, CancellationToken>? CancellationOf { get; init; }

    private Action<int, Trainer>? Afterwards { get; init; }

    /// <summary>Two inputs, three classes by the angle, in batches.</summary>
    public static BatchSource Points(int count, int batch, Func<int, double>? first = null, ScalarType dtype = ScalarType.Float32) => new PointRows(count, batch, first, dtype);

    public static ImplicitNetwork Network()
    {
        random.manual_seed(1);
        return new ImplicitNetwork(nn.Linear(2, 6), new ContractionOperator(new BoundedLinear(6, 6), 0.7, LatentActivation.Tanh), nn.Linear(6, 3))
        {
            OnFailure = new MaskFailures(),
            Stopping = new() { RelativeTolerance = 1e-6 },
        };
    }

    /// <summary>Trains with so many ranks; 0 for a trainer that was told of none.</summary>
    public RankOutcome[] Of(int size) => Of(size, out _);

    /// <summary>Likewise, and then does something more with every rank's trainer.</summary>
    public RankOutcome[] Of(int size, Action<int, Trainer> afterwards) => (this with { Afterwards = afterwards }).Of(size);

    public RankOutcome[] Of(int size, out IReadOnlyList<string> calls)
    {
        ThreadCollective[] threads = size == 0 ? [] : ThreadCollective.Of(size);
        RankOutcome[] runs = [.. Enumerable.Range(0, Math.Max(size, 1)).Select(_ => new RankOutcome())];
        nn.Module<Tensor, Tensor>[] models = [.. runs.Select(_ => Model())];
        Thread[] workers = [.. runs.Select((run, rank) => new Thread(() => Train(run, rank, models[rank], size == 0 ? null : size == 1 ? new SingleProcess() : threads[rank])))];
        try
        {
            Array.ForEach(workers, worker => worker.Start());
            Assert.All(workers, worker => Assert.True(worker.Join(Deadline), "A rank hangs."));
            for (int rank = 0; rank < runs.Length; rank++)
            {
                runs[rank].Weights = Bytes(models[rank].named_parameters().Select(entry => (Tensor)entry.parameter));
                runs[rank].State = Bytes(models[rank].state_dict().Values);
                Assert.Equal(0, runs[rank].Left);
            }
        }
        finally
        {
            Array.ForEach(models, model => model.Dispose());
        }

        calls = threads.Length > 0 ? threads[0].Calls : [];
        return runs;
    }

    private void Train(RankOutcome run, int rank, nn.Module<Tensor, Tensor> model, Collective? ranks)
    {
        long before = Live;
        try
        {
            Prepare(rank, model);
            RunFolder? folder = Folder is null || rank > 0 ? null : new RunFolder(Folder);
            Parameter[] parameters = [.. model.parameters()];
            Trainer? own = null;
            Action<TrainingEvent> hear = happened =>
            {
                run.Events.Add(happened);
                if (happened is TrainingEvent.StepFinished && run.Gradient.Length == 0)
                {
                    run.Gradient = [.. parameters.SelectMany(Numbers)];
                    run.HasGradient = [.. parameters.Select(Has)];
                }

                OnEvent?.Invoke(rank, own!, happened);
            };
            BatchSource source = SourceOf?.Invoke(rank) ?? Source;
            TrainingTask task = TaskOf?.Invoke(rank) ?? Task;
            TrainingOptions options = OptionsOf?.Invoke(rank) ?? Options;
            using Trainer trainer = own = ranks is null
                ? new(model, task, source, Validation, options, folder) { OnEvent = hear }
                : new(model, task, source, Validation, options, folder) { OnEvent = hear, Collective = ranks };
            run.Resumed = Resumes && trainer.Resume();
            try
            {
                run.Result = trainer.Run(cancellation: CancellationOf?.Invoke(rank) ?? CancellationToken.None);
            }
            finally
            {
                Afterwards?.Invoke(rank, trainer);
            }
        }
        catch (Exception failure)
        {
            run.Failure = failure;
        }

        run.Left = Live - before;
    }

    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    private static double[] Numbers(Parameter parameter)
    {
        using Tensor? gradient = parameter.grad;
        if (gradient is null)
        {
            return [];
        }

        using DisposeScope scope = NewDisposeScope();
        return [.. gradient.to(ScalarType.Float64).contiguous().data<double>()];
    }

    private static bool Has(Parameter parameter)
    {
        using Tensor? gradient = parameter.grad;
        return gradient is not null;
    }

    private static byte[] Bytes(IEnumerable<Tensor> tensors)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. tensors.SelectMany(value => value.detach().contiguous().bytes.ToArray())];
    }

    private sealed class PointRows(int count, int batch, Func<int, double>? first, ScalarType dtype) : IndexedBatches("points", count, batch, seed: 3)
    {
        public override object? Identity => null;

        protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
        {
            double[,] x = new double[indices.Length, 2];
            long[] classes = new long[indices.Length];
            for (int row = 0; row < classes.Length; row++)
            {
                int index = indices[row];
                (x[row, 0], x[row, 1]) = (first?.Invoke(index) ?? Math.Sin(index), Math.Cos(3 * index));
                classes[row] = (index * 7 / 3) % 3;
            }

            return new Batch(tensor(x, dtype), tensor(classes));
        }
    }
}
