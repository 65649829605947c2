using ImplicitNet.Measurements;
using ImplicitNet.Models.Baselines;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>
/// A restoration network beside what has learned nothing, on the same measurements, and beside itself with fewer steps and more.
/// </summary>
/// <remarks>
/// Classical methods have their one number tuned for the highest PSNR on the first of these very images, which a network is not allowed:
/// what it gains over them is no less than it says.
/// </remarks>
/// <param name="network">In evaluation mode.</param>
/// <param name="source">The measurements with their images.</param>
/// <param name="progress">Told the share done.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class RestorationComparison(
    ImplicitNetwork network, MeasuredImages source, IProgress<double> progress, CancellationToken cancellation)
{
    private const int TunedImages = 50;

    private readonly Restoration _task = new();

    /// <summary>The rows, the measurement first.</summary>
    public IReadOnlyList<RestorationRow> Rows()
    {
        List<RestorationRow> rows = [];
        if (HasImagesForMeasurements)
        {
            rows.Add(Measured("measurement", measurement => measurement.alias()));
        }

        foreach (ClassicalRestoration method in Methods())
        {
            double strength = Tuned(method);
            rows.Add(Measured(method.Name, measurement => method.Restore(measurement, strength)) with
            {
                Strength = strength,
                Note = FormattableString.Invariant($"{method.StrengthName} {strength:0.####e+0}, tuned on these images"),
            });
        }

        rows.AddRange(BySteps());
        return rows;
    }

    private bool HasImagesForMeasurements
    {
        get
        {
            (int, int) size = (source.Images.Height, source.Images.Width);
            return source.Measurement.MeasurementSizeOf(size) == size;
        }
    }

    private IEnumerable<ClassicalRestoration> Methods()
    {
        MeasurementOperator measurement = source.Measurement;
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

    /// <summary>With 1, 2, 4, ... steps, as many as solves take, and twice and four times as many as they take on average.</summary>
    private List<RestorationRow> BySteps()
    {
        (RestorationRow solved, int taken) = Solved("the network", own => own);
        List<RestorationRow> rows = [];
        for (int steps = 1; steps < taken; steps *= 2)
        {
            rows.Add(Solved(steps == 1 ? "1 step" : $"{steps} steps", own => Limited(own, steps)).Row with { Steps = steps });
        }

        rows.Add(solved with { Steps = taken, Note = $"at its tolerance, {taken} steps on average" });
        foreach (int times in (int[])[2, 4])
        {
            rows.Add(Solved($"{times * taken} steps", own => Limited(own, times * taken)).Row with { Steps = times * taken });
        }

        return rows;
    }

    // To the last digit, so that the limit is what ends it.
    private static SolveSettings Limited(SolveSettings own, int steps) => own with
    {
        Stopping = own.Stopping with { RelativeTolerance = 0, AbsoluteTolerance = null, MaxSteps = steps, Returned = ReturnedIterate.Last },
    };

    private (RestorationRow Row, int Taken) Solved(string name, Func<SolveSettings, SolveSettings> settings)
    {
        EvaluationResult result = Evaluator.Evaluate(network, _task, source, settings, progress: progress, cancellation: cancellation);
        return (
            new RestorationRow { Name = name, Psnr = result.Scores["psnr"], Ssim = result.Scores["ssim"] },
            (int)Math.Ceiling(result.Solver.MeanSteps));
    }
}
