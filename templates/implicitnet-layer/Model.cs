using ImplicitNet.Networks;
using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitLayerApp;

/// <summary>A model like any other, with a layer in it whose answer is the solution of an equation: u* = R(u*, q).</summary>
public sealed class Model : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> encoder;
    private readonly ImplicitLayer latent;
    private readonly nn.Module<Tensor, Tensor> readout;

    /// <param name="inputs">Numbers of a row of the table.</param>
    /// <param name="outputs">Numbers to predict.</param>
    /// <param name="width">Numbers of the latent u.</param>
    public Model(long inputs, long outputs, long width = 64)
        : base(nameof(Model))
    {
        encoder = nn.Linear(inputs, width);

        // R(u, q) = tanh(gamma W u / ||W|| + q): a contraction, so there is one solution, and every solve finds it.
        latent = new(new ContractionOperator(new BoundedLinear(width, width), gamma: 0.9, LatentActivation.Tanh));
        readout = nn.Linear(width, outputs);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => readout.call(latent.call(encoder.call(input)));
}
