using ImplicitNet.Solvers;

namespace ImplicitNet.Certification;

/// <summary>What was measured of the gradient at one sample. Norms are L2, and all numbers are dimensionless.</summary>
public readonly record struct SampleCertificate
{
    /// <summary>How the solve for u* ended.</summary>
    public required SolveStatus Status { get; init; }

    /// <summary>False where the failure policy leaves the sample out of the loss.</summary>
    public required bool Counts { get; init; }

    /// <summary><c>||J||</c>, J = dR/du at u*, by power iteration: a lower bound that approaches the norm.</summary>
    public required double Factor { get; init; }

    /// <summary><c>||R(u*) - u*|| / ||u*||</c>.</summary>
    public required double Residual { get; init; }

    /// <summary>
    /// An upper bound of the distance of u* from the fixed point, over <c>||u*||</c>: Residual / (1 - gamma), gamma certified in L2 or else
    /// measured at the sample; <see cref="SolveCertificate.ErrorBound"/> is the one in the norm of the contraction. What that does to J is
    /// bounded only where the derivative of R is Lipschitz, which it is not with piecewise linear activations. Null where gamma is not
    /// below 1.
    /// </summary>
    public required double? LatentBound { get; init; }

    /// <summary><c>||g - (I - J^T) w|| / ||g||</c> for the reference w, measured with one product: how exact "exact" is.</summary>
    public required double ReferenceResidual { get; init; }

    /// <summary>The adjoint direction used against the reference; null for a gradient without one (phantom, unrolled).</summary>
    public Agreement? Direction { get; init; }

    /// <summary>
    /// An upper bound of the relative error of the direction: <c>||g - (I - J^T) w|| / ((1 - gamma) ||w exact||)</c>, from the w used. Null
    /// without a direction, or where gamma is not below 1. As rigorous as gamma is: certified, or measured at the sample.
    /// </summary>
    public double? DirectionBound { get; init; }

    /// <summary>The parameter gradient of this sample's loss alone; null if not asked for.</summary>
    public Agreement? Gradient { get; init; }

    /// <summary>Whether JFB is known to descend here whatever the loss; null if not asked for.</summary>
    public DescentCondition? Condition { get; init; }
}
