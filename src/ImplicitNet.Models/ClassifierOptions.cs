using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>What an implicit classifier of images is, but for its weights: one sealed record for each architecture.</summary>
public abstract record ClassifierOptions
{
    private readonly int _leastSide;

    private protected ClassifierOptions(int leastSide, int side, int imageChannels, double gamma)
    {
        _leastSide = leastSide;
        Height = side;
        Width = side;
        ImageChannels = imageChannels;
        Gamma = gamma;
    }

    /// <summary>The architecture's name in <c>config.json</c>.</summary>
    [JsonIgnore]
    public abstract string Architecture { get; }

    /// <summary>Shape of one image's latent: (channels, height, width).</summary>
    [JsonIgnore]
    public abstract (int Channels, int Height, int Width) LatentShape { get; }

    /// <summary>Image height in pixels; what leaves a latent that the readout can take, or more.</summary>
    public int Height { get; init => field = AtLeast(value, _leastSide, nameof(Height)); }

    /// <summary>Image width in pixels; what leaves a latent that the readout can take, or more.</summary>
    public int Width { get; init => field = AtLeast(value, _leastSide, nameof(Width)); }

    /// <summary>Channels of the image; at least 1.</summary>
    public int ImageChannels { get; init => field = AtLeast(value, 1, nameof(ImageChannels)); }

    /// <summary>Classes; at least 2; default 10.</summary>
    public int Classes { get; init => field = AtLeast(value, 2, nameof(Classes)); } = 10;

    /// <summary>
    /// The factor gamma in R, in (0, 1), dimensionless. A contraction factor only where R is a
    /// <see cref="ContractionOperator"/>; in the networks as published it scales R and bounds nothing.
    /// </summary>
    public double Gamma
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Gamma), value, "The contraction factor must be in (0, 1).");
    }

    /// <summary>
    /// True for the explicit twin <c>S(R(0, Q(d)))</c>, the same layers with R applied once; default false. See
    /// <see cref="ExplicitOperator"/>.
    /// </summary>
    public bool Explicit { get; init; }

    /// <summary>Builds the network, with weights drawn from torch's random state. The caller owns it.</summary>
    public abstract ImplicitNetwork CreateNetwork();

    private protected static int AtLeast(int value, int least, string name) => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");

    /// <summary>Joins the three parts, R in the form asked for, with a relative tolerance of 1e-3.</summary>
    internal ImplicitNetwork Join(nn.Module<Tensor, Tensor> encoder, LatentOperator latentOperator, nn.Module<Tensor, Tensor> readout) =>
        new(encoder, Explicit ? new ExplicitOperator(latentOperator) : latentOperator, readout)
        {
            Stopping = new StoppingRule { RelativeTolerance = 1e-3 },
        };
}
