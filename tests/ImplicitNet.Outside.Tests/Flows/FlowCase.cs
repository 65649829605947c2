using System.Globalization;
using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Flows;

/// <summary>One flow of a batch, and what the judge says of it.</summary>
internal sealed class FlowCase
{
    private static readonly IReadOnlyList<ButcherTableau> Tableaux =
        [ButcherTableau.Tsit5, ButcherTableau.Tsit5, ButcherTableau.Dopri5, ButcherTableau.Bosh3, ButcherTableau.Heun, ButcherTableau.Midpoint];

    private readonly FieldFamily _family;
    private readonly ButcherTableau _tableau;
    private readonly PidController _steps;
    private readonly ScalarType _dtype;
    private readonly bool _isCoupled;
    private readonly double? _level;
    private readonly double[][] _starts;
    private readonly double[][] _inputs;
    private readonly double[][] _times;
    private readonly double _relative;
    private readonly double _absolute;

    public FlowCase(Random random, FieldFamily? family = null)
    {
        _family = family ?? random.Pick(FieldFamily.All);
        _tableau = random.Pick(Tableaux);
        _dtype = random.OneIn(3) ? ScalarType.Float32 : ScalarType.Float64;
        int size = _family.Size ?? random.Pick([1, 1, 2, 3]), batch = random.Pick([1, 3, 10, 40]);
        _isCoupled = random.OneIn(10);
        double scale = _family.IsLinear && random.OneIn(3) ? Math.ScaleB(1, random.Next(-90, 91)) : 1;
        double most = _dtype == ScalarType.Float32 ? 5.5 : _tableau.Order < 5 ? 7 : 12;
        _relative = Math.Pow(10, -random.Between(2, most));
        _absolute = scale * _relative * random.Pick([1, 1e-3, 1e-3, scale == 1 && _family.IsLinear ? 0 : 1e-6]);
        _steps = Controller(random, _relative, _absolute);
        bool hasOwnTimes = !_isCoupled && random.OneIn(2);
        double[] shared = Times(random, _family.Longest);
        _starts = [.. Enumerable.Range(0, batch).Select(_ => Rounded(random.Numbers(
            size, () => scale * (_family.IsPositive ? random.Between(0.2, 2) : random.Normal()))))];
        _inputs = [.. Enumerable.Range(0, batch).Select(_ => Rounded(_family.Input(random, size)))];
        _times = [.. Enumerable.Range(0, batch).Select(_ => hasOwnTimes ? Times(random, _family.Longest, shared.Length) : shared)];
        _level = random.OneIn(4) ? random.Normal() * scale : null;
    }

    public int Flows => _starts.Length;

    public int Judged { get; private set; }

    public int Completed { get; private set; }

    public double Worst { get; private set; }

    public string Kind => $"{_family.Name} by {_tableau}";

    /// <summary>Solves, and says what is wrong.</summary>
    public IReadOnlyList<string> Objections()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = Of(_starts).to(_dtype), q = Of(_inputs).to(_dtype), before = start.clone();
        FlowTimes times = _times.All(row => row == _times[0]) ? FlowTimes.At(_times[0]) : FlowTimes.Of(Of(_times));
        Tensor Field(Tensor t, Tensor u, MapInputs inputs) => _family.Torch(t.unsqueeze(1), u, inputs.PerSample[0]);
        using VectorField field = _isCoupled
            ? new CoupledField(Field, new MapInputs { PerSample = [q.alias()] })
            : new PerSampleField(Field, new MapInputs { PerSample = [q.alias()] });
        FlowEvent? terminal = _level is { } level && !_isCoupled ? new FlowEvent(u => u[.., 0] - level) : null;
        FlowSolution flow;
        try
        {
            flow = Flow.Solve(field, start, times, new ExplicitRungeKutta(_tableau), _steps, terminal);
        }
        catch (Exception exception)
        {
            return [$"{this}: threw {exception.GetType().Name}: {exception.Message.Split('\n')[0]}"];
        }

        using (flow)
        {
            return start.bytes.SequenceEqual(before.bytes) ? Found(flow) : [$"{this}: the start was changed"];
        }
    }

    public override string ToString() =>
        $"{_family.Name}, {_dtype}, [{_starts.Length}, {_starts[0].Length}]{(_isCoupled ? ", coupled" : "")}"
        + $"{(_level is { } level ? $", event at {level:g4}" : "")}, {_tableau}, {_steps}";

    public static string Join(double[] numbers) =>
        string.Join(" ", numbers.Take(6).Select(number => number.ToString("g9", CultureInfo.InvariantCulture)));

    private static double[] Times(Random random, double longest, int count = 0)
    {
        count = count == 0 ? random.Next(2, 5) : count;
        double from = random.OneIn(3) ? 0 : random.Between(-3, 3), length = random.Between(0.05, 1) * longest * (random.OneIn(4) ? -1 : 1);
        double[] shares = [0, .. random.Numbers(count - 2, random.NextDouble).Order(), 1];
        return [.. shares.Select(share => from + (share * length))];
    }

    private static PidController Controller(Random random, double relative, double absolute)
    {
        (double p, double i, double d) = random.Pick([(0.2, 0.65, 0.0), (0.2, 0.65, 0.0), (0.0, 1.0, 0.0), (0.4, 0.3, 0.0), (0.1, 0.3, 0.05)]);
        return new PidController
        {
            RelativeTolerance = relative,
            AbsoluteTolerance = absolute,
            Proportional = p,
            Integral = i,
            Derivative = d,
            Safety = random.OneIn(3) ? random.Between(0.7, 0.95) : 0.9,
            FirstStep = random.OneIn(5) ? Math.Pow(10, -random.Between(0, 6)) : null,
            LargestStep = random.OneIn(5) ? random.Between(0.05, 1) : double.PositiveInfinity,
            MaxSteps = 2000,
        };
    }

    private List<string> Found(FlowSolution flow)
    {
        List<string> found = [];
        double[][] ends = Rows(flow.State);
        double[][][] asked = [.. Enumerable.Range(0, _times[0].Length).Select(index => Rows(flow.States[index]))];
        int normSize = _starts[0].Length * (_isCoupled ? Flows : 1);
        FlowJudge judge = new(_family, _absolute, _relative, _dtype, normSize);
        for (int sample = 0; sample < Flows; sample++)
        {
            FlowSampleReport report = flow.Report.Samples[sample];
            double[] times = _times[sample];
            Completed += report.Status == FlowStatus.Completed ? 1 : 0;
            if (report.Status is FlowStatus.NonFinite or FlowStatus.StepTooSmall)
            {
                continue;
            }

            string? objection = report.Status == FlowStatus.Completed && report.Time != times[^1] ? $"ended at {report.Time}"
                : report.Status == FlowStatus.EventReached && Left(ends[sample]) is { } left ? $"at the event {left:g4} is left"
                : Judge(times[0], report.Time, ends[sample]);
            int middle = times.Length / 2;
            bool isPassed = (times[middle] - report.Time) * Math.Sign(times[^1] - times[0]) <= 0;
            objection ??= isPassed && sample % 3 > 0 ? null : isPassed ? Judge(times[0], times[middle], asked[middle][sample])
                : asked[middle][sample].All(double.IsNaN) ? null : "a state at a time that was not reached";
            if (objection is not null)
            {
                found.Add($"{this}, sample {sample}: {objection}; {report}; times {Join(times)}, start {Join(_starts[sample])}, "
                    + $"input {Join(_inputs[sample])}");
            }

            string? Judge(double from, double to, double[] state)
            {
                string? objection = judge.Objection(_inputs[sample], _starts[sample], from, to, state, report);
                Judged += judge.HasNoReference ? 0 : 1;
                Worst = Math.Max(Worst, judge.Share);
                return objection;
            }
        }

        return found;
    }

    /// <summary>How far the number of the event is from 0; null: as near as the dtype allows.</summary>
    private double? Left(double[] state)
    {
        double left = Math.Abs(state[0] - _level!.Value), unit = _dtype == ScalarType.Float64 ? 1e-11 : 1e-4;
        return left <= unit * (Math.Abs(_level.Value) + 1) ? null : left;
    }

    private double[] Rounded(double[] numbers) =>
        _dtype == ScalarType.Float64 ? numbers : [.. numbers.Select(number => (double)(float)number)];

    private static Tensor Of(double[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);

    private double[][] Rows(Tensor states)
    {
        using Tensor wide = states.to(ScalarType.Float64).contiguous();
        double[] all = [.. wide.data<double>()];
        return [.. all.Chunk(_starts[0].Length)];
    }
}
