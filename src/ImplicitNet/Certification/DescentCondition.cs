using System.Globalization;

namespace ImplicitNet.Certification;

/// <summary>
/// The condition under which JFB descends for one sample, whatever the loss: <c>kappa &lt; ((1 + sqrt(1 - gamma^2)) / gamma)^2</c>, where
/// kappa is the condition number of <c>M^T M</c> and the columns of M = dR/dTheta are the latents (so it is a matrix of latents by
/// latents).
/// </summary>
/// <remarks>
/// Sufficient, and sharp: beyond the limit there are systems on which JFB ascends, and many on which it does not. Wu Fung et al. (AAAI
/// 2022, Theorem 0.2) prove it up to <c>1 / gamma</c>; the limit is 398, 13.93 and 2.545 at gamma 0.1, 0.5 and 0.9.
/// </remarks>
/// <param name="Condition">kappa.</param>
/// <param name="Factor">
/// gamma: the contraction factor that is certified in L2, where there is one below 1, else the one measured at the sample, in L2 too.
/// </param>
public readonly record struct DescentCondition(ConditionNumber Condition, double Factor)
{
    /// <summary>The limit of kappa at <see cref="Factor"/>.</summary>
    public double Limit => LimitAt(Factor);

    /// <summary>True where the condition holds, false where it does not, null where a lower bound of kappa leaves that open.</summary>
    public bool? Holds => Condition.Value >= Limit || double.IsNaN(Limit) ? false
        : Condition.Status == ConditionStatus.Converged ? !double.IsNaN(Condition.Value)
        : null;

    /// <summary>The largest condition number below which JFB descends at a contraction factor.</summary>
    /// <param name="factor">gamma, at least 0, dimensionless.</param>
    /// <returns>Infinity at 0; 1, which no condition number is below, from 1 on; NaN for NaN.</returns>
    public static double LimitAt(double factor) => factor switch
    {
        0 => double.PositiveInfinity,
        >= 1 => 1,
        _ => Math.Pow((1 + Math.Sqrt(1 - (factor * factor))) / factor, 2),
    };

    /// <summary>One line: kappa, the limit and what follows.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"kappa {Condition} against {Limit:g4} at gamma {Factor:0.0000}: ") + Holds switch
        {
            true => "holds, JFB descends for every loss",
            false => "does not hold, so not for every loss; for the one at hand the measured cosine counts",
            null => "undecided",
        };
}
