using ImplicitNet.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// A neural ODE (Chen, Rubanova, Bettencourt and Duvenaud 2018): the input, perhaps with zeros behind it, flows from time 0 to 1 along a
/// perceptron's field, and the answer is linear in where it comes to.
/// </summary>
/// <remarks>
/// Input: [batch, inputs]; output: [batch, outputs], or [batch, inputs] for a flow alone. Its answer is continuous in the input whatever
/// the weights, and without zeros one to one before the linear layer.
/// </remarks>
public sealed class NeuralOde : FlowModel
{
    private readonly Linear? _readout;
    private readonly int _inputs;

    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: for points of the plane.</param>
    /// <param name="settings">How its flow is followed; default: those of a layer.</param>
    public NeuralOde(NeuralOdeOptions? options = null, FlowSettings? settings = null)
        : base(options ??= new NeuralOdeOptions(), options.CreateField(options.Inputs, options.IsTimed), settings ?? new FlowSettings())
    {
        _inputs = options.Inputs;
        if (options.Outputs > 0)
        {
            _readout = nn.Linear(options.Inputs + options.Zeros, options.Outputs);
            register_module("readout", _readout);
        }
    }

    /// <summary>The answer to inputs.</summary>
    /// <param name="input">[batch, inputs], floating point.</param>
    /// <returns>[batch, outputs]. The caller owns it.</returns>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return Answer(Flow.call(input)).MoveToOuterDisposeScope();
    }

    /// <summary>The answer where the flow has come to a state.</summary>
    /// <param name="state">[batch, inputs + zeros].</param>
    /// <returns>[batch, outputs]. The caller owns it.</returns>
    public Tensor Answer(Tensor state) => _readout is { } readout ? readout.call(state) : state.narrow(1, 0, _inputs).clone();
}
