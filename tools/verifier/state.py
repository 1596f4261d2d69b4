class ProofError(Exception): pass
def check(schema, proof, root, height): raise ProofError('x')
