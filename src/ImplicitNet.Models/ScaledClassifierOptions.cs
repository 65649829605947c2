using System.Text.Json.Serialization;

namespace ImplicitNet.Models;

/// <summary>The description of an image classifier whose R has a factor gamma in it.</summary>
public abstract record ScaledClassifierOptions : ClassifierOptions
{
    private protected ScaledClassifierOptions(int leastSide, int side, int imageChannels, double gamma)
        : base(leastSide, side, imageChannels) => Gamma = gamma;

    /// <summary>
    /// The factor gamma in R, in (0, 1), dimensionless. It is a contraction factor only if R is a
    /// <see cref="Operators.ContractionOperator"/>; in the networks as published it scales R and bounds nothing.
    /// </summary>
    [JsonPropertyOrder(Behind)]
    public double Gamma
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Gamma), value, "The contraction factor must be in (0, 1).");
    }
}
