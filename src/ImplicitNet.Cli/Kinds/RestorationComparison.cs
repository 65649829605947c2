using ImplicitNet.Measurements;
using ImplicitNet.Models.Baselines;
using ImplicitNet.Networks;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>
/// Restoration networks beside what has learned nothing, on the same measurements, and beside themselves with fewer steps and more.
/// </summary>
/// <remarks>
/// Classical methods have their one number tuned for the highest PSNR on the first of these very images, which a network is not allowed:
/// what it gains over them is no less than it says.
/// </remarks>
/// <param name="models">At least one; the first says which steps all of them take.</param>
/// <param name="source">The measurements with their images.</param>
/// <param name="progress">Told the share done.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class RestorationComparison(
    IReadOnlyList<ComparedModel> models, MeasuredImages source, IProgress<double> progress, CancellationToken cancellation)
{
    /// <summary>What a network is called that no other stands beside.</summary>
    public const string OnlyOne = "the network";

    private const int TunedImages = 50;

    private readonly Restoration _task = new();
    private (ClassicalRestoration Method, double Strength)[]? _tuned;

    /// <summary>The rows, the measurement first.</summary>
    public IReadOnlyList<RestorationRow> Rows()
    {
        List<RestorationRow> rows = [];
        if (HasImagesForMeasurements)
        {
            rows.Add(Measured("measurement", measurement => measurement.alias()));
        }

        foreach ((ClassicalRestoration method, double strength) in Tuned())
        {
            rows.Add(Measured(method.Name, measurement => method.Restore(measurement, strength)) with
            {
                Strength = strength,
                Note = FormattableString.Invariant($"{method.StrengthName} {strength:0.####e+0}, tuned on these images"),
            });
        }

        (RestorationRow Row, int Taken)[] solved = [.. models.Select(Solved)];
        foreach ((ComparedModel model, (RestorationRow own, int taken)) in models.Zip(solved))
        {
            rows.AddRange(BySteps(model, own, taken, solved[0].Taken));
        }

        return rows;
    }

    /// <summary>The first images, a row each for the measurement, where that is one, what restores it, and the original.</summary>
    /// <param name="count">How many at most.</param>
    public IReadOnlyList<PictureRow> Sheet(int count)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using SolveScope solves = new(own => own with { OnFailure = new MaskFailures() });
        using Batch batch = source.First(count);
        List<(string, Tensor)> rows = HasImagesForMeasurements ? [("measured", batch.Inputs)] : [];
        rows.AddRange(Tuned().Select(tuned => (tuned.Method.Name, tuned.Method.Restore(batch.Inputs, tuned.Strength))));
        rows.AddRange(models.Select(model => (model.Name ?? OnlyOne, model.Network.call(batch.Inputs))));
        return [.. rows.Select(row => RestorationPictures.Row(row.Item1, row.Item2, batch)), RestorationPictures.Originals(batch)];
    }

    private bool HasImagesForMeasurements
    {
        get
        {
            (int, int) size = (source.Images.Height, source.Images.Width);
            return source.Measurement.MeasurementSizeOf(size) == size;
        }
    }

    private (ClassicalRestoration Method, double Strength)[] Tuned() =>
        _tuned ??= [.. Methods(source.Measurement).Select(method => (method, Tuned(method)))];

    private static IEnumerable<ClassicalRestoration> Methods(MeasurementOperator measurement)
    {
        if (measurement is RadonTransform radon)
        {
            yield return new FilteredBackprojection(radon);
        }

        if (measurement.HasProximal)
        {
            yield return new WienerFilter(measurement);
        }

        yield return new TotalVariation(measurement);
    }

    private double Tuned(ClassicalRestoration method)
    {
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = source.First(TunedImages);
        return method.Tune(strength =>
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope inner = NewDisposeScope();
            return _task.Measure(method.Restore(batch.Inputs, strength), batch)[0].Values.mean().ToDouble();
        });
    }

    private RestorationRow Measured(string name, Func<Tensor, Tensor> restore)
    {
        using IDisposable noGraph = no_grad();
        double psnr = 0, ssim = 0;
        foreach (Batch batch in source.InOrder())
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<Measurement> measured = _task.Measure(restore(batch.Inputs), batch);
            psnr += measured[0].Values.sum().ToDouble();
            ssim += measured[1].Values.sum().ToDouble();
        }

        return new RestorationRow { Name = name, Psnr = psnr / source.Count, Ssim = ssim / source.Count };
    }

    /// <summary>
    /// With 1, 2, 4, ... steps, with as many as solves of the first model take on average, and twice and four times as many; and with those
    /// of the model's own solves and of its training.
    /// </summary>
    private IEnumerable<RestorationRow> BySteps(ComparedModel model, RestorationRow own, int taken, int usual)
    {
        IEnumerable<int> doubled = Enumerable.Range(0, 31).Select(power => 1 << power).TakeWhile(steps => steps < usual);
        IEnumerable<int> all = doubled.Concat([usual, 2 * usual, 4 * usual, taken]);
        foreach (int steps in all.Concat(model.TrainedSteps is { } trained ? [trained] : []).Distinct().Order())
        {
            RestorationRow row = steps == taken
                ? own : Row(model, Display.Counted(steps, "step"), Run(model, solve => Limited(solve, steps)));
            yield return row with
            {
                Steps = steps,
                Note = steps != model.TrainedSteps ? row.Note : row.Note.Length == 0 ? "as trained" : $"{row.Note}, as trained",
            };
        }
    }

    private (RestorationRow Row, int Taken) Solved(ComparedModel model)
    {
        EvaluationResult result = Run(model, own => own);
        int taken = Math.Max(1, (int)Math.Ceiling(result.Solver.MeanSteps));
        string steps = $"{Display.Counted(taken, "step")} on average", failures = Display.Count(result.Solver.Failures);
        string note = result.Solver.Failures == 0
            ? $"at its tolerance, {steps}" : $"{steps}, {failures} of {Display.Count(result.Count)} short of its tolerance";
        return (Row(model, null, result) with { Note = note }, taken);
    }

    // Just so many: nothing but the limit ends it.
    private static SolveSettings Limited(SolveSettings own, int steps) => own with
    {
        Stopping = own.Stopping with
        {
            RelativeTolerance = 0,
            AbsoluteTolerance = null,
            MaxSteps = steps,
            Returned = ReturnedIterate.Last,
            Patience = steps,
            DivergenceFactor = double.MaxValue,
        },
    };

    private EvaluationResult Run(ComparedModel model, Func<SolveSettings, SolveSettings> settings) =>
        Evaluator.Evaluate(model.Network, _task, source, settings, progress: progress, cancellation: cancellation);

    /// <param name="model">What was evaluated.</param>
    /// <param name="steps">With which steps; null for its own solves.</param>
    /// <param name="result">What came of it.</param>
    private static RestorationRow Row(ComparedModel model, string? steps, EvaluationResult result) => new()
    {
        Name = (model.Name, steps) switch
        {
            (null, null) => OnlyOne,
            (null, { } alone) => alone,
            ({ } name, null) => name,
            ({ } name, { } some) => $"{name}, {some}",
        },
        Psnr = result.Scores["psnr"],
        Ssim = result.Scores["ssim"],
        Model = model.Folder,
    };
}
