using System.Globalization;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>One solve of a batch, and what the judge says of it.</summary>
internal sealed class StatusCase
{
    private readonly MapFamily _family;
    private readonly FixedPointSolver _solver;
    private readonly StoppingRule _rule;
    private readonly ScalarType _dtype;
    private readonly double[][] _starts;
    private readonly double[][] _inputs;
    private readonly long[] _shape;

    // 0: every sample by itself. Above 0 the samples are coupled, by this share of the mean of all values.
    private readonly double? _couple;

    public StatusCase(Random random, FixedPointSolver? solver = null)
    {
        _family = random.Pick(random.OneIn(3) ? MatrixMap.All : ElementwiseMap.All);
        _solver = solver ?? random.Pick(SolverFamily.All)(random);
        _dtype = random.OneIn(2) ? ScalarType.Float32 : ScalarType.Float64;
        int size = random.Pick([1, 1, 2, 2, 4, 8, 40]);
        int batch = size > 8 ? random.Next(1, 5) : random.Pick([1, 3, 40, 100, 250]);
        _solver = random.OneIn(10) ? Further(_solver) : _solver;
        _couple = random.OneIn(12) ? random.Pick([0, 0.5]) : null;
        double scale = Scale(random);
        _rule = RuleFamily.Draw(random, _dtype, scale);
        bool sameScale = random.OneIn(2);
        (double[] Start, double[] Input)[] rows =
        [
            .. Enumerable.Range(0, _couple is null ? batch : Math.Min(batch, 3))
                .Select(_ => _family.Draw(random, size, sameScale ? scale : Scale(random))),
        ];
        _starts = [.. rows.Select(row => Rounded(row.Start))];
        _inputs = [.. rows.Select(row => Rounded(row.Input))];
        _shape = size >= 4 && random.OneIn(2) ? [rows.Length, 2, size / 2]
            : size >= 4 && random.OneIn(2) ? [rows.Length, 1, size / 2, 2]
            : [rows.Length, size];
    }

    /// <summary>Solves counted: one a sample, or one for all that are coupled.</summary>
    public int Solves => _couple is null ? _starts.Length : 1;

    /// <summary>How many of them were called converged.</summary>
    public int Converged { get; private set; }

    /// <summary>How many of them were refused, since there is no derivative.</summary>
    public int Refused { get; private set; }

    /// <summary>How many samples were reported with a residual that is not that of the latent returned.</summary>
    public int Misreported { get; private set; }

    /// <summary>The first of these, in words.</summary>
    public string? FirstMisreport { get; private set; }

    public string Kind => $"{_family.Name} by {Name(_solver)}";

    /// <summary>A solver with damped Picard steps behind it.</summary>
    private static SolverChain Further(FixedPointSolver solver) =>
        new() { Solvers = [.. solver is SolverChain chain ? chain.Solvers : [solver], new PicardSolver { Damping = 0.5 }] };

    /// <summary>Solves, and says what is wrong.</summary>
    public IReadOnlyList<string> Objections()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor start = Of(_starts).reshape(_shape);
        using Tensor q = Of(_inputs);
        using Tensor before = start.clone();
        using FixedPointMap map = _couple is { } share
            ? new CoupledMap(
                (u, inputs) => Coupled(Evaluate(u, inputs.PerSample[0]), share), new MapInputs { PerSample = [q], Parameters = [] })
            : new PerSampleMap(Evaluate, q);
        FixedPointSolution solution;
        try
        {
            solution = FixedPoint.Solve(map, start, _solver, _rule);
        }
        catch (Exception refusal) when (_family.IsFlat && Refusals.Objection(refusal) is null)
        {
            Refused = Solves;
            return [];
        }
        catch (Exception exception)
        {
            return [$"{this}: threw {exception.GetType().Name}: {exception.Message.Split('\n')[0]}"];
        }

        using (solution)
        {
            List<string> found = [];
            if (!start.bytes.SequenceEqual(before.bytes))
            {
                found.Add($"{this}: the start was changed");
            }

            double[][] latents = Rows(solution.Latent);
            StatusJudge judge = new(_family, _rule, _dtype);
            for (int sample = 0; sample < Solves; sample++)
            {
                SampleReport report = solution.Report.Samples[sample];
                (double[][] begins, double[][] inputs, double[][] ends) = _couple is null
                    ? ([_starts[sample]], [_inputs[sample]], [latents[sample]])
                    : (_starts, _inputs, latents);
                bool isConverged = report.Status == SolveStatus.Converged;
                Converged += isConverged ? 1 : 0;
                string? objection = isConverged ? judge.Objection(begins, inputs, ends, _couple ?? 0) : null;
                if (judge.ReportObjection(report.Residual, inputs, ends, _couple ?? 0) is { } misreport)
                {
                    Misreported++;
                    FirstMisreport ??= $"{this}, sample {sample}: {misreport}; start {Join(_starts[sample])}, input {Join(_inputs[sample])}";
                }

                if (objection is not null)
                {
                    string numbers = $"start {Join(_starts[sample])}, input {Join(_inputs[sample])}, u {Join(latents[sample])}";
                    found.Add($"{this}, sample {sample}: {objection}; {report}; {numbers}");
                }
            }

            return found;
        }
    }

    public override string ToString() =>
        $"{_family.Name}, {_dtype}, [{string.Join(", ", _shape)}]{(_couple is null ? "" : $", coupled by {_couple}")}"
        + $", {_solver}, {_rule}";

    private static double Scale(Random random) => random.OneIn(2) ? 1 : Math.ScaleB(1, random.Next(-100, 101));

    private static string Name(FixedPointSolver solver) => solver.GetType().Name;

    private static string Join(double[] numbers) =>
        string.Join(" ", numbers.Take(6).Select(number => number.ToString("g9", CultureInfo.InvariantCulture)));

    private static Tensor Coupled(Tensor value, double share) => (value * (1 - share)) + (value.mean() * share);

    private Tensor Evaluate(Tensor u, Tensor q) => _family.Torch(u.reshape(u.shape[0], -1), q).reshape(u.shape);

    private double[] Rounded(double[] numbers) =>
        _dtype == ScalarType.Float64 ? numbers : [.. numbers.Select(number => (double)(float)number)];

    private Tensor Of(double[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]).to(_dtype);

    private double[][] Rows(Tensor latent)
    {
        using Tensor wide = latent.to(ScalarType.Float64).reshape(_starts.Length, -1).contiguous();
        double[] all = [.. wide.data<double>()];
        return [.. all.Chunk(_starts[0].Length)];
    }
}
