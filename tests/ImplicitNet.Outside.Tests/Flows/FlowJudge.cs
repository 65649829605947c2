using ImplicitNet.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Flows;

/// <summary>Says whether a state that a flow came to is where the field leads, by the referee's own solver.</summary>
/// <remarks>
/// A step is off by a tolerance; what becomes of that until the end is the field's. So the referee disturbs the flow by a little at its
/// start and at three times on the way, in every direction, and follows it to the end: the largest growth that it finds times
/// <see cref="Tolerances"/> is what a state may be off, and not less than those. To that comes the rounding of the steps, and of the field's own values where its time and
/// state are rounded to the dtype.
/// </remarks>
internal sealed class FlowJudge(FieldFamily family, double absolute, double relative, ScalarType dtype, int normSize)
{
    public const double Tolerances = 100;

    private const double Tight = 1e-13;
    private const int Places = 4;
    private const double Disturbance = 1e-4;

    private readonly double _epsilon = dtype == ScalarType.Float64 ? Math.ScaleB(1, -52) : Math.ScaleB(1, -23);

    /// <summary>Whether there was nothing to judge by.</summary>
    public bool HasNoReference { get; private set; }

    /// <summary>How far off the state was, as a share of what it may be.</summary>
    public double Share { get; private set; }

    /// <summary>What is wrong with a state; null where nothing is.</summary>
    /// <param name="input">q.</param>
    /// <param name="start">u at the start.</param>
    /// <param name="from">When that was.</param>
    /// <param name="to">When the flow is said to have come to its state.</param>
    /// <param name="state">That.</param>
    /// <param name="sample">What is said of the sample.</param>
    public string? Objection(double[] input, double[] start, double from, double to, double[] state, FlowSampleReport sample)
    {
        (HasNoReference, Share) = (false, 0);
        if (!state.All(double.IsFinite))
        {
            return "the state is not finite";
        }

        Extrapolation reference = new(family.Plain, input);
        double[]? end = reference.End(start, from, to, Tight);
        if (end is null)
        {
            HasNoReference = !reference.HasPole || sample.Status != FlowStatus.Completed;
            return HasNoReference ? null : "there is a pole on the way";
        }

        double[] largest = reference.Largest;
        double[] unit = [.. largest.Select(most => Math.Sqrt(normSize) * (absolute + (relative * most)))];
        double[] rounding = Rounding(input, end, largest, from, to, sample.Accepted);
        double[] allowed = [.. unit.Zip(rounding, (one, round) => (Tolerances * one) + round)];
        double[]? at = start;
        for (int place = 0; place < Places && at is not null; place++)
        {
            double when = from + ((to - from) * place / Places), next = from + ((to - from) * (place + 1) / Places);
            double[] sum = new double[end.Length];
            for (int j = 0; j < end.Length; j++)
            {
                double little = Disturbance * Math.Max(at.Max(Math.Abs), 1e-30);
                double[] moved = [.. at];
                moved[j] += little;
                if (new Extrapolation(family.Plain, input).End(moved, when, to, 1e-10) is not { } elsewhere)
                {
                    HasNoReference = true;
                    return null;
                }

                for (int i = 0; i < sum.Length; i++)
                {
                    sum[i] += Math.Abs(elsewhere[i] - end[i]) / little * ((Tolerances * unit[j]) + rounding[j]);
                }
            }

            allowed = [.. allowed.Zip(sum, Math.Max)];
            at = new Extrapolation(family.Plain, input).End(at, when, next, Tight);
        }

        double[] off = [.. state.Zip(end, (found, right) => Math.Abs(found - right))];
        Share = off.Zip(allowed, (one, most) => one / most).Max();
        return Share <= 1 ? null : $"{Share * Tolerances:g4} tolerances off: {FlowCase.Join(state)} and not {FlowCase.Join(end)}";
    }

    private double[] Rounding(double[] input, double[] end, double[] largest, double from, double to, int steps)
    {
        int n = end.Length;
        double[] one = new double[n], other = new double[n];
        double[] found = [.. largest.Select(most => _epsilon * most * (steps + 10) * 2)];
        foreach (double time in (double[])[from, (from + to) / 2, to])
        {
            family.Plain(time, largest, input, one);
            family.Plain(time + (2 * _epsilon * Math.Max(Math.Abs(from), Math.Abs(to))), largest, input, other);
            for (int i = 0; i < n; i++)
            {
                double rounded = Math.Abs(one[i] - other[i]) + (8 * _epsilon * Math.Abs(one[i]));
                found[i] = Math.Max(found[i], rounded * Math.Abs(to - from) * 4);
            }
        }

        return found;
    }
}
