using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Statuses;

/// <summary>Says whether a latent that is called converged is so, from the map evaluated in float64 in plain C#.</summary>
/// <param name="family">The map.</param>
/// <param name="rule">When it was to stop.</param>
/// <param name="dtype">In which the library worked.</param>
internal sealed class StatusJudge(MapFamily family, StoppingRule rule, ScalarType dtype)
{
    // What a norm, a threshold and a residual may be off between the judge and a measurement in the dtype.
    private const double Slack = 1.1;

    // The roundings of an evaluation, in units of the dtype's.
    private const double Roundings = 8;

    // Iterates this many times larger than anything at the start have run away: what rounds off there excuses nothing.
    private const double FarAway = 1000;

    private readonly Func<double[], double> _norm = RuleFamily.Norms.First(entry => entry.Norm == rule.Norm).Plain;
    private readonly (double Absolute, double Relative) _tolerances = RuleFamily.Tolerances(rule, dtype);
    private readonly double _unit = dtype == ScalarType.Float64 ? Math.ScaleB(1, -53) : Math.ScaleB(1, -24);
    private readonly double _least = dtype == ScalarType.Float64 ? double.Epsilon : Math.ScaleB(1, -149);

    /// <summary>What is wrong with the residual that a sample is reported with, whatever its status; null where nothing is.</summary>
    /// <param name="reported">The residual of the latent returned, as the report says it.</param>
    /// <param name="input">q, in the dtype.</param>
    /// <param name="latent">What came of the solve.</param>
    /// <param name="couple">See <see cref="Objection"/>.</param>
    public string? ReportObjection(double reported, double[][] input, double[][] latent, double couple)
    {
        Residual end = Measure(latent, input, couple);
        return double.IsInfinity(reported) || !double.IsFinite(end.Norm) || Math.Abs(reported - end.Norm) <= ((Slack - 1) * end.Norm) + end.Rounding
            ? null
            : $"the residual is {end.Norm:g4}, and reported as {reported:g4}";
    }

    /// <summary>What is wrong with a sample that is called converged; null where nothing is.</summary>
    /// <param name="start">Where the solve began, in the dtype.</param>
    /// <param name="input">q, in the dtype.</param>
    /// <param name="latent">What came of it.</param>
    /// <param name="couple">The share of every element in the values of the whole system, for maps that couple their samples.</param>
    public string? Objection(double[][] start, double[][] input, double[][] latent, double couple)
    {
        Residual begin = Measure(start, input, couple);
        Residual end = Measure(latent, input, couple);
        if (!double.IsFinite(end.Norm) || !double.IsFinite(end.Reference))
        {
            return "not finite";
        }

        double excuse = family.LeastResidual > 0 ? 0 : end.Rounding;
        if (end.Ratio(excuse) > Slack)
        {
            return $"residual {end.Norm:g4}, {end.Ratio(excuse):g4} times the threshold";
        }

        double halfExcuse = end.Reference > FarAway * (begin.Reference + begin.Norm) ? 0 : excuse;
        bool startMet = begin.Ratio(begin.Rounding) <= Slack;
        return !startMet && end.Norm > (Slack / 2 * begin.Norm) + halfExcuse
            ? $"residual {end.Norm:g4} of {begin.Norm:g4} at the start, ||u|| {end.Reference:g4} of {begin.Reference:g4}"
            : null;
    }

    private Residual Measure(double[][] latent, double[][] input, double couple)
    {
        int size = latent[0].Length;
        double[] u = new double[latent.Length * size], value = new double[u.Length], magnitudes = new double[u.Length];
        for (int sample = 0; sample < latent.Length; sample++)
        {
            latent[sample].CopyTo(u, sample * size);
            family.Plain(latent[sample], input[sample], value.AsSpan(sample * size, size), magnitudes.AsSpan(sample * size, size));
        }

        if (couple > 0)
        {
            double mean = value.Average();
            double meanSize = magnitudes.Average();
            value = [.. value.Select(one => ((1 - couple) * one) + (couple * mean))];
            magnitudes = [.. magnitudes.Select(one => Math.Max(one, meanSize))];
        }

        double[] residual = [.. value.Zip(u, (to, from) => to - from)];

        // The maps compute with u / scale, which is rounded to the least number where u is that small a share of the scale.
        double[] least = [.. Enumerable.Range(0, u.Length).Select(place => _least * Math.Max(1, input[place / size][^1]))];
        double[] rounding = [.. magnitudes.Zip(least, (one, smallest) => Roundings * ((_unit * one) + smallest))];
        double norm = residual.Any(double.IsNaN) ? double.NaN : _norm(residual);
        return new Residual(norm, _norm(u), _norm(rounding), excused => Ratio(residual, u, rounding, excused));
    }

    private double Ratio(double[] residual, double[] u, double[] rounding, double excused)
    {
        (double absolute, double relative) = _tolerances;
        if (rule.Scale != ResidualScale.PerElement)
        {
            double left = _norm(residual) - excused, share = relative * _norm(u);
            return left <= 0 ? 0 : left / (rule.Scale is LargerScale ? Math.Max(absolute, share) : absolute + share);
        }

        double[] shares = new double[residual.Length];
        for (int place = 0; place < shares.Length; place++)
        {
            double left = Math.Abs(residual[place]) - (excused > 0 ? rounding[place] : 0);
            shares[place] = left <= 0 ? 0 : left / (absolute + (relative * Math.Abs(u[place])));
        }

        return _norm(shares);
    }

    private sealed record Residual(double Norm, double Reference, double Rounding, Func<double, double> Ratio);
}
